import FuseProtocol
import Testing

/// Requests are decoded into what they ask for, or refused.
@Suite struct OperationTests {
  @Test func everyOpcodeIsAmongTheRequests() {
    #expect(Set(Request.all.map(\.opcode)) == Set(Opcode.allCases))
  }

  @Test(arguments: Request.all)
  func aWholeRequestDecodesAndNoTruncationDoes(_ request: Request) {
    let body = request.body.bytes
    #expect(decodingError(request.opcode, body, flags: request.flags) == nil)
    for count in body.indices {
      #expect(
        decodingError(request.opcode, Array(body.prefix(count)), flags: request.flags) != nil,
        "\(count) of \(body.count) bytes")
    }
  }

  /// Extensions of every length are announced, which the body may or may not have.
  @Test(arguments: Request.all)
  func noTruncationTrapsWhateverTheHeaderAnnounces(_ request: Request) {
    let body = Wire(request.body, .filler(24)).bytes
    for words in 0...16 as ClosedRange<UInt16> {
      for count in 0...body.count {
        for flags in [[], .securityContext, .setxattrExtension] as [InitFlags] {
          _ = decodingError(
            request.opcode, Array(body.prefix(count)),
            header: InHeader(extensionWordCount: words), flags: flags)
        }
      }
    }
    let announced = decodingError(
      request.opcode, request.body.bytes, header: InHeader(extensionWordCount: .max))
    let creates: Set<Opcode> = [.symlink, .mknod, .mkdir, .create, .tmpfile]
    #expect(creates.contains(request.opcode) == (announced == .truncated))
  }

  @Test func randomBytesNeverTrap() {
    var random = SplitMix(seed: 0x5EED)
    var decoded = 0
    for _ in 0..<20_000 {
      let length = Int(random.next() % 200)
      let bytes = (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next() >> 13) & 0x3F }
      let header = InHeader(extensionWordCount: UInt16(truncatingIfNeeded: random.next() % 20))
      let flags = InitFlags(rawValue: random.next())
      for opcode in Opcode.allCases
      where decodingError(opcode, bytes, header: header, flags: flags) == nil {
        decoded += 1
      }
    }
    #expect(decoded > 0)
  }

  @Test func namesComeInTheOrderOfTheWire() {
    let body = Wire(
      .value(Rename2In(newParent: NodeID(rawValue: 9), flags: 2)), .name("old"), .name("new"))
    let header = InHeader(uid: 5, gid: 6)
    let described = decode(.rename2, body.bytes, header: header) { operation in
      guard case .rename(let name, let newName, let parent, let flags, let creator) = operation
      else { return "another" }
      return
        "\(text(name)) \(text(newName)) \(parent.rawValue) \(flags) \(creator.uid) \(creator.gid)"
    }
    #expect(described == .success("old new 9 2 5 6"))
  }

  @Test func aLinksTargetMayBeAnyString() {
    let body = Wire(.name("link"), .name("../../etc"))
    let target = decode(.symlink, body.bytes) { operation in
      guard case .symlink(_, let target, _) = operation else { return "another" }
      return text(target)
    }
    #expect(target == .success("../../etc"))
  }

  @Test func theValueOfAnAttributeFollowsItsName() {
    let body = Wire(
      .value(SetxattrIn(byteCount: 3, flags: 1, extendedFlags: 1)), .name("user.a"),
      Wire(bytes: Array("xyz!".utf8)))
    let described = decode(.setxattr, body.bytes, flags: .setxattrExtension) { operation in
      guard case .setxattr(let arguments, let name, let value) = operation else { return "another" }
      return "\(text(name)) \(text(value)) \(arguments.flags) \(arguments.extendedFlags)"
    }
    #expect(described == .success("user.a xyz 1 1"))
  }

  @Test func withoutTheExtensionTheNameFollowsEightBytes() {
    let body = Wire(.value(SetxattrInCompat(byteCount: 1, flags: 2)), .name("user.a"), .name(""))
    let described = decode(.setxattr, body.bytes) { operation in
      guard case .setxattr(let arguments, let name, let value) = operation else { return "another" }
      return "\(text(name)) \(value.byteCount) \(arguments.flags) \(arguments.extendedFlags)"
    }
    #expect(described == .success("user.a 1 2 0"))
  }

  @Test func aValueLongerThanTheRequestIsRefused() {
    let body = Wire(.value(SetxattrInCompat(byteCount: .max)), .name("user.a"), .filler(64))
    #expect(decodingError(.setxattr, body.bytes) == .truncated)
  }

  @Test(arguments: [3, 1 << 28, UInt32.max])
  func aBatchThatClaimsMoreNodesThanItHasIsRefused(_ count: UInt32) {
    let body = Wire(.value(BatchForgetIn(count: count)), .filler(47))
    #expect(decodingError(.batchForget, body.bytes) == .countTooLarge)
  }

  @Test(arguments: [(16, 0), (19, 0), (20, 5), (64, 5)] as [(Int, UInt32)])
  func initOfEveryAge(_ byteCount: Int, _ flagsHigh: UInt32) {
    let offer = InitIn(
      major: 7, minor: 31, maximumReadahead: 4096, flagsLow: 1 << 30, flagsHigh: 5)
    let described = decode(.`init`, Array(Wire.value(offer).bytes.prefix(byteCount))) { operation in
      guard case .initialize(let offer) = operation else { return [] as [UInt32] }
      return [offer.major, offer.minor, offer.maximumReadahead, offer.flagsLow, offer.flagsHigh]
    }
    #expect(described == .success([7, 31, 4096, 1 << 30, flagsHigh]))
  }
}

/// Random numbers that are the same in every run.
struct SplitMix {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
