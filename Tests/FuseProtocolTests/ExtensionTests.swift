import FuseProtocol
import Testing

/// The extensions at the end of creating requests.
@Suite struct ExtensionTests {
  /// Who makes the directory of an MKDIR with these extensions, in words.
  private func creator(
    of extensions: Wire, announced: Int? = nil, flags: InitFlags = .dontMask
  ) -> Result<String, DecodingError> {
    let body = Wire(.value(MkdirIn(mode: 0o777, umask: 0o22)), .name("d"), extensions)
    let words = announced ?? extensions.bytes.count / 8
    let header = InHeader(uid: 1, gid: 2, extensionWordCount: UInt16(words))
    return decode(.mkdir, body.bytes, header: header, flags: flags) { operation in
      guard case .mkdir(_, let name, let creator) = operation else { return "another" }
      let groups = creator.supplementaryGroups
      let list = groups.indices.map { "\(groups[$0])" }.joined(separator: ",")
      return "\(text(name)) \(creator.uid):\(creator.gid) \(creator.umask) [\(list)]"
    }
  }

  private static func groups(_ ids: UInt32..., size: UInt32? = nil, count: UInt32? = nil) -> Wire {
    let byteCount = (12 + 4 * ids.count + 7) & ~7
    var wire = Wire(
      .value(ExtensionHeader(byteCount: size ?? UInt32(byteCount), kind: 32)),
      .value(count ?? UInt32(ids.count)))
    for id in ids { wire = Wire(wire, .value(id)) }
    return Wire(wire, .filler(byteCount - wire.bytes.count))
  }

  private static func securityContexts(_ contexts: (String, String)...) -> Wire {
    var content = Wire()
    for (name, context) in contexts {
      let one = Wire(
        .value(SecurityContextHeader(byteCount: UInt32(context.utf8.count))), .name(name),
        Wire(bytes: Array(context.utf8)))
      content = Wire(content, one, .filler((8 - one.bytes.count % 8) % 8))
    }
    return Wire(
      .value(
        ExtensionHeader(
          byteCount: UInt32(8 + content.bytes.count), kind: UInt32(contexts.count))), content)
  }

  @Test func noneAtAll() {
    #expect(creator(of: Wire()) == .success("d 1:2 18 []"))
  }

  @Test func theUmaskCountsOnlyIfItWasAgreedTo() {
    #expect(creator(of: Wire(), flags: []) == .success("d 1:2 0 []"))
  }

  @Test func groupsAreTheCreators() {
    #expect(creator(of: Self.groups(100)) == .success("d 1:2 18 [100]"))
    #expect(creator(of: Self.groups(1, 2, 3, 4)) == .success("d 1:2 18 [1,2,3,4]"))
    #expect(creator(of: Self.groups()) == .success("d 1:2 18 []"))
  }

  @Test func groupsFollowSecurityContexts() {
    let extensions = Wire(
      Self.securityContexts(("security.selinux", "a:b:c"), ("security.smack", "x")),
      Self.groups(7))
    #expect(creator(of: extensions) == .success("d 1:2 18 [7]"))
  }

  @Test func aKindThatIsUnknownIsPassedOver() {
    let unknown = Wire(.value(ExtensionHeader(byteCount: 24, kind: 1000)), .filler(16))
    #expect(creator(of: Wire(unknown, Self.groups(7))) == .success("d 1:2 18 [7]"))
  }

  /// Linux 5.17 to 6.2 sends security contexts without saying so in the header.
  @Test func contextsThatAreNotAnnouncedAreTheRest() {
    let contexts = Self.securityContexts(("security.selinux", "a:b:c"))
    #expect(
      creator(of: contexts, announced: 0, flags: .securityContext) == .success("d 1:2 0 []"))
    #expect(
      creator(of: .filler(20), announced: 0, flags: .securityContext)
        == .failure(.malformedExtension))
    #expect(creator(of: .filler(20), announced: 0, flags: []) == .success("d 1:2 0 []"))
  }

  @Test func whatIsAnnouncedMustBeThere() {
    #expect(creator(of: Self.groups(7), announced: 3) == .failure(.truncated))
    #expect(creator(of: Self.groups(7), announced: 8000) == .failure(.truncated))
  }

  @Test(arguments: [0, 7, 17, 24, UInt32.max])
  func aLengthThatContradictsTheRequestIsRefused(_ size: UInt32) {
    #expect(creator(of: Self.groups(7, size: size)) == .failure(.malformedExtension))
  }

  @Test func moreGroupsThanTheExtensionHoldsAreRefused() {
    #expect(creator(of: Self.groups(7, count: 3)) == .failure(.malformedExtension))
    #expect(creator(of: Self.groups(7, count: .max)) == .failure(.malformedExtension))
  }

  @Test func thereIsABoundOnGroups() {
    let ids = [UInt32](repeating: 5, count: 5)
    var wire = Wire(.value(ExtensionHeader(byteCount: 32, kind: 32)), .value(5 as UInt32))
    for id in ids { wire = Wire(wire, .value(id)) }
    #expect(wire.bytes.count == 32)
    #expect(creator(of: wire) == .failure(.countTooLarge))
  }

  @Test func everyTruncationOfExtensionsIsRefusedOrShorter() {
    let extensions = Wire(Self.securityContexts(("security.selinux", "a:b:c")), Self.groups(7))
    for count in stride(from: 0, to: extensions.bytes.count, by: 8) {
      let cut = Wire(bytes: Array(extensions.bytes.prefix(count)))
      let isWhole =
        count == 0 || count == Self.securityContexts(("security.selinux", "a:b:c")).bytes.count
      #expect((creator(of: cut) == .failure(.malformedExtension)) == !isWhole, "\(count)")
    }
  }
}
