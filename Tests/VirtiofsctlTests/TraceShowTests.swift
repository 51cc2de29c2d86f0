import FuseProtocol
import Linux
import TestSupport
import Testing
import Trace

@testable import Virtiofsctl

@Suite struct TraceShowTests {
  @Test func aLineForEachExchangeInOrderOfTime() throws {
    let capture = try Capture.session()
    try capture.write()
    #expect(
      try capture.show() == [
        #"   0.000000  hiprio    * the capture begins: program="test 1.0" options="--trace x""#,
        "   0.000001  request0  * the vring has been started: size=128 features=VERSION_1",
        "   0.000010  request0  INIT         version=7.38 max_readahead=0 flags=0 -> "
          + "version=7.38 max_readahead=0 max_write=0 flags=0  5.00 us",
        #"   0.001000  request0  LOOKUP       node=1 name="file" -> "#
          + "node=5 mode=0100644 size=12  400 us",
        #"   0.001100  request0  LOOKUP       node=1 name="none" -> ENOENT  20.0 us"#,
        "   0.002000  request0  READ         node=5 fh=3 offset=0 size=4096 -> "
          + "data=12 digest=0x0000000000000abc  2.00 ms",
        "   0.500000  request0  WRITE        node=5 fh=3 offset=0 size=3 "
          + "digest=0x0000000000000abc -> size=3  90.0 us",
        "   1.500000  request0  GETATTR      node=6 -> unanswered",
        "   2.000000  hiprio    * the capture ends: requests=6 replies=5 dropped=0",
      ])
  }

  @Test func timesOfDay() throws {
    let capture = try Capture.session()
    try capture.write()
    let lines = try capture.show("--absolute", "--opcode", "write")
    #expect(lines.first?.hasPrefix("2026-11-22T20:00:00.500000Z  request0  WRITE") == true)
    #expect(Timestamp.timeOfDay(951_782_399_999_999_999) == "2000-02-28T23:59:59.999999Z")
    #expect(Timestamp.timeOfDay(951_868_800_000_000_000) == "2000-03-01T00:00:00.000000Z")
    #expect(Timestamp.timeOfDay(951_782_400_000_000_000) == "2000-02-29T00:00:00.000000Z")
    #expect(Timestamp.timeOfDay(.max) == "2554-07-21T23:34:33.709551Z")
    #expect(Timestamp.sinceStart(1, 5_001_000_001) == "  -5.001000")
  }

  /// The options, and the operations whose lines they leave.
  @Test(arguments: [
    (["--opcode", "LOOKUP,fuse_read"], ["LOOKUP", "LOOKUP", "READ"]),
    (["--opcode", "26", "--opcode", "write"], ["INIT", "WRITE"]),
    (["--node", "5"], ["LOOKUP", "READ", "WRITE"]),
    (["--node", "6"], ["GETATTR"]),
    (["--error", "ENOENT"], ["LOOKUP"]), (["--error", "2"], ["LOOKUP"]),
    (["--error", "any"], ["LOOKUP"]), (["--error", "EIO"], []),
    (["--error", "none"], ["INIT", "LOOKUP", "READ", "WRITE"]),
    (["--error", "none", "--error", "enoent"], ["INIT", "LOOKUP", "LOOKUP", "READ", "WRITE"]),
    (["--name", "on"], ["LOOKUP"]), (["--name", "fil", "--node", "1"], ["LOOKUP"]),
    (["--from", "0.0011", "--to", "0.5"], ["LOOKUP", "READ", "WRITE"]),
    (["--from", "1.9"], ["*"]), (["--to", "0"], ["*"]),
    (["--slower-than", "400us"], ["LOOKUP", "READ"]), (["--slower-than", "2ms"], ["READ"]),
    (["--slower-than", "0.0021s"], []), (["--slower-than", "400001ns"], ["READ"]),
    (["--unanswered"], ["GETATTR"]), (["--limit", "2"], ["*", "*"]),
    (["--opcode", "LOOKUP", "--limit", "1"], ["LOOKUP"]),
  ])
  func filters(options: [String], operations: [String]) throws {
    let capture = try Capture.session()
    try capture.write()
    let (output, status) = try capture.tool(["show", capture.path] + options)
    #expect(status == .exited(0))
    let found = output.split(separator: "\n").map {
      String($0.split(separator: " ", omittingEmptySubsequences: true)[2])
    }
    #expect(found == operations, "\(output)")
  }

  @Test func everythingWithVerbose() throws {
    let capture = try Capture.session()
    try capture.write()
    let lines = try capture.show("-v", "--opcode", "READ")
    try #require(lines.count == 3)
    #expect(
      lines[1]
        == "      request serial=4 head=0 readable=80 writable=0 flags=O_RDONLY read_flags=0 "
        + "lock_owner=0x0000000000000000 unique=2 uid=1000 gid=100 pid=7")
    #expect(lines[2] == #"      reply   written=28 begins="AB" unique=2"#)
  }

  @Test func directoriesAreListedWithVerbose() throws {
    var capture = try Capture()
    let names = ["a", "b", "c", "d\n"]
    let records = names.flatMap { name in
      Wire(
        .value(Dirent(ino: 3, offset: 1, nameByteCount: UInt32(name.utf8.count), type: 8)),
        Wire(bytes: Array(name.utf8) + Array(repeating: 0, count: 8 - name.utf8.count))
      ).bytes
    }
    capture.add(
      request(.readdir, .value(ReadIn(byteCount: 4096))), at: 0, took: 1,
      reply(Wire(bytes: records)))
    try capture.write()
    #expect(
      try capture.show().first?.contains(#"-> entries=4 names="a","b","c",...  1 ns"#) == true)
    let lines = try capture.show("-v")
    #expect(lines.contains(#"        name="d\x0a" ino=3 type=file off=1"#))
  }

  @Test func jsonLinesAreObjects() throws {
    let capture = try Capture.session()
    try capture.write()
    let lines = try capture.show("--json")
    #expect(lines.count == 9)
    for line in lines { #expect(JSONReader(line).readsWhole, "\(line)") }
    #expect(
      lines[4] == #"{"time_ns": 1795377600001100000, "offset_ns": 1100000, "vring": "request0", "#
        + #""serial": 3, "head": 0, "opcode": "LOOKUP", "node": 1, "request": {"name": "none", "#
        + #""unique": 2, "uid": 1000, "gid": 100, "pid": 7}, "latency_ns": 20000, "#
        + #""error": "ENOENT", "reply": {"unique": 2}}"#)
    #expect(lines[7].contains(#""latency_ns": null, "error": null, "reply": null"#))
    #expect(lines[8].contains(#""event": "capture-ended", "requests": 6"#))
  }

  @Test(arguments: [
    ["--opcode", "FROB"], ["--opcode", ","], ["--error", "EFROB"], ["--slower-than", "3"],
    ["--slower-than", "-3ms"], ["--slower-than", "nans"], ["--from", "-1"], ["--to", "nan"],
    ["--from", "2", "--to", "1"], ["--limit", "0"], ["--node", "-1"],
    ["--unanswered", "--error", "any"],
  ])
  func wrongOptionsAreRefused(options: [String]) throws {
    let capture = try Capture.session()
    try capture.write()
    let (output, status) = try capture.tool(["show", capture.path] + options)
    #expect(status == .exited(64))
    #expect(output.hasPrefix("Error: "))
  }

  @Test func aPipeThatNobodyReadsEndsTheToolQuietly() throws {
    var capture = try Capture()
    for index in 0..<2000 {
      capture.add(request(.statfs), at: UInt64(index), took: 1, reply(error: -5))
    }
    try capture.write()
    let pipe = try OwnedDescriptor.pipe()
    let writer = OwnedDescriptor(taking: pipe.writer.rawValue)
    OwnedDescriptor(taking: pipe.reader.rawValue).close()
    for command in ["show", "stat"] {
      let tool = try ChildProcess(
        [builtProduct("virtiofsctl"), "trace", command, capture.path],
        outputPath: capture.directory.path("log"), inherited: [(writer.borrowed, 1)])
      #expect(tool.wait(for: .seconds(30)) == .exited(0))
      #expect(tool.output.isEmpty)
    }
  }
}

extension OwnedDescriptor {
  /// Closes the file now.
  consuming func close() {}
}
