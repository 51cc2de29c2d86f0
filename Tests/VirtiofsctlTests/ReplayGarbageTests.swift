import Linux
import TestSupport
import Testing
import Trace

/// Captures that were damaged or made up: never a trap, never a hang, nothing outside of the share.
@Suite struct ReplayGarbageTests {
  /// How many captures: `REPLAY_GARBAGE_COUNT`, or a few.
  private static var count: Int {
    environmentVariable("REPLAY_GARBAGE_COUNT").flatMap { Int($0) } ?? 10
  }

  /// A capture's records.
  private func records(of session: CapturedSession) throws -> [TraceRecord] {
    var reader = try TraceReader(path: session.path)
    var result: [TraceRecord] = []
    while let record = try reader.next() { result.append(record) }
    return result
  }

  /// Changes some records at random.
  private func garble(_ records: [TraceRecord], _ random: inout SeededRandom) -> [TraceRecord] {
    var result: [TraceRecord] = []
    let rate = Int.random(in: 5...200, using: &random)
    for record in records {
      guard random.oneIn(rate) else {
        result.append(record)
        continue
      }
      var changed = record
      switch Int.random(in: 0..<7, using: &random) {
      case 0: continue
      case 1: result.append(record)
      case 2: changed.time = random.next()
      case 3: changed.serial = UInt64.random(in: 0..<300, using: &random)
      case 4: changed.writableByteCount = UInt32.random(in: 0 ... .max, using: &random)
      case 5:
        changed.message = Array(record.message.dropLast(Int.random(in: 0..<64, using: &random)))
      case _: garble(&changed.message, &random)
      }
      result.append(changed)
    }
    return result
  }

  private func garble(_ message: inout [UInt8], _ random: inout SeededRandom) {
    guard !message.isEmpty else { return }
    for _ in 0..<Int.random(in: 1...8, using: &random) {
      // Fields are aligned to four bytes: change a whole one, to something that means much.
      let place = Int.random(in: 0..<message.count, using: &random)
      let values: [UInt8] = [0, 1, 2, 0x2e, 0x2f, 0x7f, 0x80, 0xff, UInt8(random.next() & 0xff)]
      let value = values.randomElement(using: &random) ?? 0
      let length = random.oneIn(2) ? 1 : 4
      for index in place..<min(place + length, message.count) { message[index] = value }
    }
  }

  @Test func garbledCapturesAreRefusedOrPlayed() throws {
    var random = SeededRandom()
    let sessions = try CapturedSession.allCases.map(records)
    for round in 0..<Self.count {
      let seed = random.next()
      var own = SeededRandom(seed: seed)
      let work = try TemporaryDirectory("garbage")
      var writer = TraceWriter()
      let source = sessions.randomElement(using: &own) ?? []
      for record in garble(source, &own) where record.vring < 2 { writer.append(record) }
      try writer.write(to: work.path("trace"))
      let daemon = try DaemonProcess(.swift("--xattr", "--log-level=off")) { share in
        let run = try ToolRun(["replay", work.path("trace"), "--prepare", share], in: work)
        #expect(
          run.status == .exited(0) || run.status == .exited(2),
          "seed \(seed), round \(round): \(run.output)")
      }
      let depth = own.oneIn(2) ? ["--depth", "32"] : []
      let run = try ToolRun(
        ["replay", work.path("trace"), "--socket", daemon.socket, "--timeout", "10"] + depth,
        in: work)
      #expect(
        [.exited(0), .exited(1), .exited(2)].contains(run.status),
        "seed \(seed), round \(round): \(run.output.suffix(2000))")
      // It ends when its front-end has gone: by itself, and not by a trap.
      #expect(daemon.process.wait(for: .seconds(10)) == .exited(0), "seed \(seed), round \(round)")
      #expect(try hostNames(work.path("")) == ["tool.log", "trace"])
    }
  }
}
