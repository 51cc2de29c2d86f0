import FuseProtocol
import TestSupport
import Testing
import Trace

@testable import Virtiofsctl

@Suite struct TraceStatTests {
  @Test func countsAndTimes() throws {
    let capture = try Capture.session()
    try capture.write()
    let (output, status) = try capture.tool(["stat", capture.path])
    #expect(status == .exited(0))
    for line in [
      "time       2026-11-22T20:00:00.000000Z, 2.00 s", "failed     1", "unanswered 1",
      "requests   6, 3 a second, at most 2 at a time", "file data  12 B read, 3 B written",
      "dropped    0 records",
      "LOOKUP         2       1  20.1 us   400 us   400 us           90 B        160 B",
      "GETATTR        1       0        -        -        -           56 B          0 B",
      "  LOOKUP: ENOENT 1",
      "   0.002000  request0  READ         node=5 fh=3 offset=0 size=4096 -> "
        + "data=12 digest=0x0000000000000abc  2.00 ms",
    ] {
      #expect(output.contains(line + "\n"), "\(output)")
    }
    #expect(output.contains("capture    \(capture.path), by test 1.0\n"))
  }

  @Test func theSlowestComeFirst() throws {
    var capture = try Capture()
    for index in 1...50 {
      let latency = UInt64(index * 37 % 51) * 1000
      capture.add(request(.statfs), at: UInt64(index) * 100_000, took: latency, reply(error: -5))
    }
    try capture.write()
    let (output, _) = try capture.tool(["stat", "--slowest", "3", capture.path])
    let lines = output.split(separator: "\n").suffix(4).map(String.init)
    #expect(lines[0] == "slowest")
    #expect(lines[1...].map { String($0.suffix(7)) } == ["50.0 us", "49.0 us", "48.0 us"])
    let (none, _) = try capture.tool(["stat", "--slowest", "0", capture.path])
    #expect(!none.contains("slowest"))
  }

  @Test func jsonIsOneObject() throws {
    let capture = try Capture.session()
    try capture.write()
    let (output, status) = try capture.tool(["stat", "--json", capture.path])
    #expect(status == .exited(0))
    #expect(JSONReader(output).readsWhole)
    for part in [
      #""requests": 6, "requests_per_second": 3.0, "most_in_flight": 2, "failed": 1"#,
      #""unanswered": 1, "read_bytes": 12, "written_bytes": 3, "dropped": 0, "cut": false"#,
      #"{"opcode": "LOOKUP", "count": 2, "failed": 1, "errors": {"ENOENT": 1}, "unanswered": 0"#,
      #""slowest": [{"time_ns": 1795377600002000000"#,
    ] {
      #expect(output.contains(part), "\(output)")
    }
  }

  @Test func aPictureIsDrawn() throws {
    let capture = try Capture.session()
    try capture.write()
    let path = capture.directory.path("picture.svg")
    let (_, status) = try capture.tool(["stat", capture.path, "--svg", path])
    #expect(status == .exited(0))
    let picture = try hostReadText(path)
    #expect(picture.hasPrefix("<svg ") && picture.hasSuffix("</svg>\n"))
    for word in ["latency", "time since the beginning", "reads", "names", "1.00 ms", "#e69f00"] {
      #expect(picture.contains(word), "\(word)")
    }
    let (same, refused) = try capture.tool(["stat", capture.path, "--svg", capture.path])
    #expect(refused == .exited(64), "\(same)")
    let (line, failed) = try capture.tool(["stat", capture.path, "--svg", "/nonexistent/a.svg"])
    #expect(failed == .exited(2))
    #expect(line.contains("error: cannot write /nonexistent/a.svg: No such file or directory\n"))
  }

  @Test func aPictureOfManyPointsIsSmall() {
    var plot = LatencyPlot()
    var random = SeededRandom(seed: 1)
    let question = request(.read, .value(ReadIn()))
    for index in 0..<200_000 {
      var request = question
      request.time = UInt64(index) * UInt64.random(in: 1...100_000, using: &random)
      var answer = reply()
      answer.time = request.time + UInt64.random(in: 1...(1 << UInt64(index % 34)), using: &random)
      plot.add(Exchange(request: request, reply: answer), startTime: 0)
    }
    let byteCount = plot.svg(title: "many").utf8.count
    #expect(byteCount > 10_000 && byteCount < 1_200_000)
  }

  @Test func extremesAreDrawn() {
    var plot = LatencyPlot()
    #expect(plot.svg(title: "none").contains("no request was answered"))
    for (start, end) in [(0, 0), (UInt64.max - 1, UInt64.max), (0, UInt64.max), (5, 1)] {
      var question = request(.read)
      question.time = start
      var answer = reply()
      answer.time = end
      plot.add(Exchange(request: question, reply: answer), startTime: 0)
    }
    #expect(plot.svg(title: "a\u{1b}<b>").contains(#"a\x1b&lt;b&gt;"#))
    #expect(LatencyPlot.row(of: .max) == 512)
    #expect(abs(LatencyPlot.logarithm(1000) - 9.96578) < 0.001)
  }

  @Test func whatIsOvertakenComesOutInOrderOrIsCounted() {
    var window = TimeWindow<Int>(capacity: 10)
    var found: [Int] = []
    for number in 0..<100 {
      let time = number % 2 == 0 ? number + 5 : number - 1
      found += window.add(time, time: UInt64(time))
    }
    #expect(window.lateCount == 0)
    found += window.add(3, time: 3)
    found += window.removeAll()
    #expect(window.lateCount == 1)
    #expect(found.filter { $0 != 3 } == found.filter { $0 != 3 }.sorted())
    #expect(found.count == 101)
  }
}

/// Files that are no whole captures: the same for `show` and `stat`.
@Suite struct TraceFileTests {
  /// The one line that the tool ends with.
  private func refusal(_ capture: Capture, _ command: String) throws -> String {
    let (output, status) = try capture.tool([command, capture.path])
    #expect(status == .exited(2))
    #expect(output.split(separator: "\n").count == 1, "\(output)")
    #expect(output.hasPrefix("virtiofsctl: error: \(capture.path): "))
    return String(output.dropFirst("virtiofsctl: error: \(capture.path): ".count))
  }

  @Test(arguments: ["show", "stat"])
  func whatIsNoCaptureIsRefusedInOneLine(command: String) throws {
    let capture = try Capture()
    #expect(
      try refusal(capture, command) == "cannot open it: No such file or directory\n")
    try capture.write([])
    #expect(try refusal(capture, command).hasSuffix("the file is empty\n"))
    try capture.write(Array("#!/bin/sh\necho hello\n".utf8))
    #expect(try refusal(capture, command).hasSuffix("this is no pcapng file\n"))
    try capture.write([0xd4, 0xc3, 0xb2, 0xa1] + Array(repeating: 0, count: 20))
    #expect(try refusal(capture, command).contains("this is pcap"))
    let (output, status) = try capture.tool([command, capture.directory.path])
    #expect(status == .exited(2))
    #expect(output.contains("Is a directory"), "\(output)")
  }

  @Test(arguments: ["show", "stat"])
  func aCutCaptureIsReadUpToTheCut(command: String) throws {
    let capture = try Capture.session()
    try capture.write(cut: 50)
    let (output, status) = try capture.tool([command, capture.path])
    #expect(status == .exited(0))
    #expect(output.contains("LOOKUP"))
    #expect(output.contains("virtiofsctl: \(capture.path): the capture was cut: it is whole up to"))
  }

  @Test(arguments: ["show", "stat"])
  func aDamagedCaptureIsReadUpToTheDamage(command: String) throws {
    let whole = try Capture.session()
    try whole.write()
    var bytes = Array(try hostRead(whole.path))
    // The length at the end of the last block.
    bytes[bytes.count - 4] ^= 0x40
    try whole.write(bytes)
    let (output, status) = try whole.tool([command, whole.path])
    #expect(status == .exited(2))
    #expect(output.contains("GETATTR"))
    #expect(output.contains("the file is damaged"))
  }

  @Test(arguments: ["show", "stat"])
  func droppedRecordsAreTold(command: String) throws {
    var capture = try Capture.session()
    capture.add(.dropped(1234), at: 3_000_000_000, vring: 1)
    try capture.write()
    let (output, status) = try capture.tool([command, capture.path])
    #expect(status == .exited(0))
    #expect(output.contains(": 1,234 records were dropped while capturing\n"))
  }

  /// Every byte of a small capture changed in turn: an end with 0 or 2, in bounded time.
  @Test func changedCapturesAreReadOrRefused() throws {
    let capture = try Capture.session()
    try capture.write()
    let bytes = try Array(hostRead(capture.path))
    var random = SeededRandom()
    for _ in 0..<60 {
      var changed = bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        changed[Int.random(in: changed.indices, using: &random)] = UInt8.random(
          in: 0...255, using: &random)
      }
      try capture.write(changed)
      for arguments in [["show", "-v"], ["stat", "--svg", capture.directory.path("svg")]] {
        let (output, status) = try capture.tool(arguments + [capture.path])
        #expect(
          status == .exited(0) || status == .exited(2), "seed \(random.seed): \(output.suffix(300))"
        )
      }
    }
  }
}
