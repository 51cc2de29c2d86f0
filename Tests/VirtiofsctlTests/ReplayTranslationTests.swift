import Frontend
import FuseProtocol
import TestSupport
import Testing
import Trace

/// Captures that do not fit the live session one to one: other orders, missing parts, missing data.
@Suite struct ReplayTranslationTests {
  private let work: TemporaryDirectory

  init() throws {
    work = try TemporaryDirectory("translation")
  }

  /// A committed capture with some of its records, and of their data at most `snapLength` bytes.
  private func rewrite(
    _ session: CapturedSession, snapLength: Int = .max,
    keeping isKept: (Int, TraceRecord) -> Bool = { _, _ in true }
  ) throws -> String {
    var reader = try TraceReader(path: session.path)
    var writer = TraceWriter(snapLength: snapLength)
    var index = 0
    while let record = try reader.next() {
      if record.vring < 2, isKept(index, record) { writer.append(record) }
      index += 1
    }
    try writer.write(to: work.path("trace"))
    return work.path("trace")
  }

  @Test(arguments: CapturedSession.allCases, [0, 7, 100])
  func dataThatWasCutIsFilledUp(session: CapturedSession, snapLength: Int) throws {
    let trace = try rewrite(session, snapLength: snapLength)
    let run = try replay(trace, on: .swift("--xattr"))
    #expect(run.status == .exited(0), "\(run.output)")
    #expect(run.output.contains("not compared: "), "\(run.output)")
  }

  @Test func dataBeyondTheSnapLengthThatDiffersIsTold() throws {
    let trace = try rewrite(.boot, snapLength: 2)
    let run = try replay(trace, on: .swift("--xattr")) {
      try hostWrite("\($0)/capture-boot/etc/hostname", "guEst\n")
    }
    #expect(run.status == .exited(1), "\(run.output)")
    let fields = run.differences.flatMap(\.fields)
    #expect(fields.count == 1 && fields.allSatisfy { $0.hasPrefix("data: digest ") })
  }

  @Test func aCaptureThatIsCutIsPlayedAndSaid() throws {
    let whole = try hostRead(CapturedSession.boot.path)
    try hostWrite(work.path("trace"), whole[..<(whole.count - 1001)])
    let run = try replay(work.path("trace"), on: .swift("--xattr"))
    #expect(run.status == .exited(0), "\(run.output)")
    #expect(run.output.contains("the capture was cut: it is whole up to byte "), "\(run.output)")
    let json = try replay(work.path("trace"), on: .swift("--xattr"), ["--json"])
    #expect(json.output.contains("\"cut\": true"), "\(json.output)")
    let prepared = try ToolRun(
      ["replay", work.path("trace"), "--prepare", work.path("share")], in: work)
    #expect(prepared.output.contains("the capture was cut: it is whole up to byte "))
  }

  @Test func twoNodesThatBecomeOneAreADifference() throws {
    var session = SyntheticSession()
    session.lookup("one", finds: 2, mode: 0o100644, links: 2)
    session.add(.forget(NodeID(rawValue: 2), lookups: 1), body: [])
    session.lookup("one", finds: 3, mode: 0o100644, links: 2)
    session.lookup("two", finds: 4, mode: 0o100644, links: 2)
    session.lookup("two", finds: 4, mode: 0o100644, links: 2)
    try session.write(to: work.path("trace"))
    let separate = try replay(work.path("trace"), on: .swift("--xattr"))
    #expect(separate.status == .exited(0), "\(separate.output)")
    let run = try replay(work.path("trace"), on: .swift("--xattr")) { share in
      for name in try hostNames(share) where name != "one" { try hostRemove("\(share)/\(name)") }
      try hostLink("\(share)/one", as: "\(share)/two")
    }
    #expect(run.status == .exited(1), "\(run.output)")
    let fields = run.differences.map(\.fields)
    #expect(fields.count == 1 && fields[0].count == 1, "\(run.output)")
    #expect(fields[0][0].hasPrefix("node: 4, another than 3 -> the same, "), "\(run.output)")
  }

  @Test func aCaptureWithoutItsBeginningIsPlayedAsFarAsItGoes() throws {
    let trace = try rewrite(.boot) { index, _ in index > 100 }
    let run = try replay(trace, on: .swift("--xattr"))
    #expect(run.status == .exited(1), "\(run.output)")
    #expect(run.output.contains("its node is not known"), "\(run.output)")
    #expect(run.output.contains("different: "), "\(run.output)")
  }

  @Test func repliesThatAreMissingAreSaid() throws {
    let trace = try rewrite(.boot) { _, record in record.kind != .reply || record.serial % 7 != 3 }
    let run = try replay(trace, on: .swift("--xattr"))
    #expect(run.output.contains("requests have no reply: nothing to compare with"))
    // What a reply that is missing would have brought is not known: those that need it say so.
    #expect(run.status == .exited(1), "\(run.output)")
  }

  /// A directory read in portions of four entries, in an order that no file system has, whose
  /// objects are asked for as soon as they have come up.
  @Test(arguments: [true, false], DaemonCommand.backEnds)
  func directoriesMayComeInAnyOrder(isPlus: Bool, command: DaemonCommand) throws {
    let names = (0..<40).map { "name-\($0 * 37 % 40)-\($0 % 3)" }
    var session = SyntheticSession()
    session.add(.opendir(), reply: OpenOut(handle: 5))
    var offset: UInt64 = 0
    for first in stride(from: 0, to: names.count, by: 4) {
      var body: [UInt8] = []
      for place in first..<first + 4 {
        let (node, name) = (UInt64(100 + place), Array(names[place].utf8))
        let attr = Attr(ino: node, size: 0, mode: 0o100644, linkCount: 1)
        if isPlus { body.append(wire: EntryOut(node: NodeID(rawValue: node), attr: attr)) }
        body.append(
          wire: Dirent(
            ino: node, offset: UInt64(1000 + place), nameByteCount: UInt32(name.count), type: 8))
        body += name + [UInt8](repeating: 0, count: (8 - name.count % 8) % 8)
      }
      list(&session, isPlus, offset, body)
      offset = UInt64(1000 + first + 3)
      guard isPlus else { continue }
      let node = UInt64(100 + first)
      session.add(
        .getattr(NodeID(rawValue: node)),
        reply: AttrOut(attr: Attr(ino: node, mode: 0o100644, linkCount: 1)))
    }
    list(&session, isPlus, offset, dots(isPlus))
    list(&session, isPlus, 1041, [])
    session.add(.releasedir(.root, handle: 5), body: [])
    try session.write(to: work.path("trace"))
    let run = try replay(work.path("trace"), on: command)
    #expect(run.status == .exited(0), "\(run.output)")
    if isPlus { #expect(run.output.contains("LOOKUPs for nodes that had"), "\(run.output)") }
  }

  private func list(
    _ session: inout SyntheticSession, _ isPlus: Bool, _ offset: UInt64, _ body: [UInt8]
  ) {
    // Room for four entries of a plain listing, and some of the other.
    let room = isPlus ? 4 * 176 : 4 * 40
    let request =
      isPlus
      ? FuseRequest.readdirplus(.root, handle: 5, offset: offset, byteCount: room)
      : FuseRequest.readdir(.root, handle: 5, offset: offset, byteCount: room)
    session.add(request, body: body)
  }

  private func dots(_ isPlus: Bool) -> [UInt8] {
    var body: [UInt8] = []
    for (place, name) in [[UInt8(0x2e)], [0x2e, 0x2e]].enumerated() {
      if isPlus { body.append(wire: EntryOut()) }
      body.append(
        wire: Dirent(
          ino: 1, offset: UInt64(1040 + place), nameByteCount: UInt32(name.count), type: 4))
      body += name + [UInt8](repeating: 0, count: 8 - name.count)
    }
    return body
  }
}
