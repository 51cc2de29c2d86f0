import TestSupport
import Testing
import Trace

/// Debian's tools read what we write, and we read what they make of it.
@Suite struct WiresharkTests {
  private let directory: TemporaryDirectory
  private var capture: String { directory.path("capture") }

  init() throws {
    directory = try TemporaryDirectory("wireshark")
    try Sample.capture().write(to: directory.path("capture"))
  }

  /// What a program says; it must succeed.
  private func run(_ arguments: String...) throws -> String {
    let process = try ChildProcess(arguments, outputPath: directory.path("output"))
    let status = process.wait(for: .seconds(60))
    try #require(status == .exited(0), "\(arguments): \(process.output)")
    return process.output
  }

  private func records(_ name: String) throws -> [TraceRecord] {
    var reader = try TraceReader(path: directory.path(name))
    var records: [TraceRecord] = []
    while let record = try reader.next() { records.append(record) }
    #expect(reader.cutOffset == nil)
    return records
  }

  @Test func capinfosCountsTheRecords() throws {
    let text = try run("capinfos", capture)
    #expect(text.contains("Number of packets:   \(Sample.count)"))
    #expect(text.contains("Capture application: test"))
    #expect(text.contains("Encapsulation = USER 0"))
    #expect(text.contains("Name = request0"))
    #expect(text.contains("Time precision = nanoseconds"))
  }

  @Test func whatEditcapPicksIsRead() throws {
    let all = try records("capture")
    _ = try run("editcap", "-r", capture, directory.path("some"), "3-6", "9")
    #expect(try records("some") == Array(all[2...5]) + [all[8]])
    _ = try run(
      "editcap", "-r", "-F", "pcapng", "-t", "3600", capture, directory.path("later"), "1")
    #expect(try records("later").map(\.time) == [all[0].time + 3_600_000_000_000])
    #expect(try run("capinfos", "-c", directory.path("some")).contains("packets:   5"))
  }

  @Test func whatEditcapCutsIsReadAsFarAsItGoes() throws {
    let all = try records("capture")
    _ = try run("editcap", "-s", "90", capture, directory.path("cut"))
    let cut = try records("cut")
    #expect(cut.map(\.serial) == all.map(\.serial) && cut.map(\.digest) == all.map(\.digest))
    for (record, whole) in zip(cut, all) {
      #expect(whole.message.starts(with: record.message))
      #expect(record.message.count + Int(record.missingMessageByteCount) == whole.message.count)
      #expect(record.message.count + record.data.count <= 50)
    }
  }

  @Test func whatMergecapBringsTogetherIsRead() throws {
    try Sample.capture(tag: 7, shift: 5).write(to: directory.path("other"))
    _ = try run("mergecap", "-w", directory.path("both"), capture, directory.path("other"))
    let merged = try records("both")
    #expect(merged.count == 2 * Sample.count)
    #expect(zip(merged, merged.dropFirst()).allSatisfy { $0.time <= $1.time })
    var pairing = ExchangePairing()
    let exchanges = merged.compactMap { pairing.add($0) }
    #expect(exchanges.count == 2 * Sample.exchangeCount && pairing.unmatchedReplyCount == 0)
    #expect(exchanges.allSatisfy { $0.nanoseconds == 1500 })
    _ = try run("mergecap", "-a", "-w", directory.path("chain"), capture, directory.path("other"))
    #expect(try records("chain").count == 2 * Sample.count)
  }

  @Test func ofPcapItIsSaidWhatToDo() throws {
    _ = try run("editcap", "-F", "pcap", capture, directory.path("old"))
    do throws(TraceError) {
      var reader = try TraceReader(path: directory.path("old"))
      _ = try reader.next()
      Issue.record("a pcap file was read")
    } catch {
      #expect(error.reason.contains("editcap -F pcapng"))
    }
  }

  // MARK: The dissector

  /// The lines of tshark with our dissector.
  private func tshark(_ path: String, _ arguments: String...) throws -> [String] {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let process = try ChildProcess(
      ["tshark", "-X", "lua_script:/\(root)/tools/wireshark/virtiofs.lua", "-r", path] + arguments,
      outputPath: directory.path("output"))
    let status = process.wait(for: .seconds(60))
    try #require(status == .exited(0), "\(process.output)")
    let lines = process.output.split(separator: "\n").map(String.init)
    #expect(lines.first { $0.contains("Lua Error") } == nil)
    return lines.filter { !$0.hasPrefix("Running as user") }
  }

  @Test func theDissectorNamesWhatItSees() throws {
    let info = try tshark(capture, "-T", "fields", "-e", "_ws.col.Info")
    #expect(info.count == Sample.count)
    for (number, words) in [
      (0, ["capture begins"]), (1, ["vring started, size 128"]),
      (2, ["LOOKUP node 1, hello"]), (3, ["LOOKUP: node 42", "mode 100644", "1.5 us"]),
      (4, ["OPEN node 42, flags 0x8002"]), (5, ["OPEN: handle 77"]),
      (6, ["READ node 42, handle 77, 4096 bytes at 8192"]), (7, ["READ: success", "3 bytes"]),
      (8, ["WRITE node 42, handle 77, 5 bytes at 8192", "5 bytes of data"]),
      (9, ["WRITE: 5 bytes"]), (10, ["LOOKUP node 1, none"]), (11, ["LOOKUP: ENOENT"]),
      (12, ["no request"]), (13, ["reply: no answer"]), (14, ["READDIR"]),
      (15, ["READDIR: 2 entries"]),
      (16, ["capture ends: 7 requests, 7 replies, 0 dropped"]),
    ] {
      for word in words { #expect(info[number].contains(word), "\(number): \(info[number])") }
    }
  }

  @Test func theDissectorPairsRequestsWithReplies() throws {
    let lines = try tshark(
      capture, "-2", "-T", "fields", "-E", "separator=,", "-e", "frame.number", "-e",
      "virtiofs.request_in", "-e", "virtiofs.reply_in", "-e", "virtiofs.time")
    #expect(lines[2] == "3,,4,")
    #expect(lines[3] == "4,3,,0.000001500")
    let nodes = try tshark(
      capture, "-Y", "virtiofs.opcode == 1 && virtiofs.name == \"none\"", "-T", "fields", "-e",
      "virtiofs.nodeid")
    #expect(nodes == ["1"])
    let errors = try tshark(
      capture, "-Y", "virtiofs.error == 2", "-T", "fields", "-e", "frame.number")
    #expect(errors == ["12"])
    let names = try tshark(
      capture, "-Y", "virtiofs.entry", "-T", "fields", "-E", "occurrence=a", "-e", "virtiofs.entry")
    #expect(names == ["a (file),dir (directory)"])
  }

  /// Random messages of every operation: no error of Lua, and one line for each.
  @Test func theDissectorSurvivesGarbage() throws {
    var random = SeededRandom(seed: 9)
    var writer = TraceWriter(application: "test")
    for serial in UInt64(0)..<4000 {
      let opcode = UInt32(truncatingIfNeeded: serial % 56)
      let header = HandMade.little(UInt32(0)) + HandMade.little(opcode)
      let request = header + random.bytes(32 + Int.random(in: 0...200, using: &random))
      let isWhole = !random.oneIn(10)
      writer.append(
        TraceRecord(
          time: 2 * serial, kind: .request, vring: 1, serial: serial,
          message: isWhole ? request : random.bytes(Int.random(in: 0...60, using: &random))))
      let success: [UInt8] = random.oneIn(4) ? random.bytes(16) : [UInt8](repeating: 0, count: 16)
      writer.append(
        TraceRecord(
          time: 2 * serial + 1, kind: .reply, vring: 1, serial: serial,
          message: success + random.bytes(Int.random(in: 0...400, using: &random))))
    }
    for number in UInt8(0)...9 {
      let message = [number, 0, 0, 0] + random.bytes(Int(number) * 3)
      writer.append(TraceRecord(time: 9000, kind: .event, vring: 0, message: message))
    }
    try writer.write(to: directory.path("garbage"))
    let lines = try tshark(directory.path("garbage"), "-V", "-2")
    #expect(lines.filter { $0.hasPrefix("Frame ") }.count == 8010)
    #expect(try tshark(directory.path("garbage")).count == 8010)
    _ = try run("editcap", "-s", "61", directory.path("garbage"), directory.path("short"))
    #expect(try tshark(directory.path("short")).count == 8010)
  }
}
