internal import FuseProtocol
internal import Trace

// Data.
extension ReplyComparison {
  mutating func compareBytes(_ field: String) {
    let recorded = recordedBody
    guard !recorded.elementsEqual(live.body) else { return }
    // A length that was asked for is a number.
    if step.opcode == .getxattr, step.arguments(GetxattrIn.self)?.byteCount == 0 {
      let lengths = (step.answer(GetxattrOut.self), live.answer(GetxattrOut.self))
      return differ(
        "length", "\(lengths.0?.byteCount ?? 0)", "\(lengths.1?.byteCount ?? 0)")
    }
    differ(field, Self.text(recorded), Self.text(live.body[...]))
  }

  mutating func compareLists() {
    guard step.arguments(GetxattrIn.self)?.byteCount != 0 else { return compareBytes("length") }
    let recorded = Set(recordedBody.split(separator: 0))
    let names = Set(live.body.split(separator: 0))
    for name in recorded.subtracting(names).sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      differ("name", Self.text(name), "missing")
    }
    for name in names.subtracting(recorded).sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      differ("name", "missing", Self.text(name))
    }
  }

  mutating func compareCounts() {
    let counts = (step.answer(WriteOut.self)?.byteCount, live.answer(WriteOut.self)?.byteCount)
    guard counts.0 != counts.1 else { return }
    differ("size", counts.0.map { "\($0)" } ?? "none", counts.1.map { "\($0)" } ?? "none")
  }

  /// Positions that are no matter of the file system must agree.
  mutating func compareOffsets() {
    guard !step.isRaced else { return }
    let offsets = (step.answer(LseekOut.self)?.offset, live.answer(LseekOut.self)?.offset)
    guard offsets.0 != offsets.1 else { return }
    differ("offset", offsets.0.map { "\($0)" } ?? "none", offsets.1.map { "\($0)" } ?? "none")
  }

  mutating func compareData() {
    guard let reply = step.reply else { return }
    let recordedCount = Int(reply.dataByteCount)
    if step.isRaced {
      if Digest.of(live.data) != reply.digest { unknownByteCount += live.data.count }
      return
    }
    guard recordedCount == live.data.count else {
      return differ("length", "\(recordedCount)", "\(live.data.count)")
    }
    guard Digest.of(live.data) != reply.digest else { return }
    let start = step.arguments(ReadIn.self)?.offset ?? 0
    var unknown = 0
    for (place, byte) in live.data.prefix(reply.data.count).enumerated() {
      if byte == reply.data[place] { continue }
      let offset = start &+ UInt64(place)
      guard standIns.mayHoldFiller, byte == Filler.byte(at: offset) else {
        return differ(
          "byte \(offset)", Self.text(reply.data[place...].prefix(8)),
          Self.text(live.data[place...].prefix(8)))
      }
      unknown += 1
    }
    let tail = live.data.dropFirst(reply.data.count)
    let end = start &+ UInt64(reply.data.count)
    // Something must stand in for data that is not there: else the data itself has changed. 0: the
    // capture has no digest of so much data.
    guard reply.digest == 0 || unknown > 0 || standIns.explain(tail, at: end) else {
      let digests = (String(reply.digest, radix: 16), String(Digest.of(live.data), radix: 16))
      return differ("data", "digest \(digests.0)", "digest \(digests.1)")
    }
    unknownByteCount += unknown + tail.count
  }

  /// Bytes for people: as text if they are, else in hexadecimal; at most 64 of them.
  static func text(_ bytes: ArraySlice<UInt8>) -> String {
    let shown = bytes.prefix(64)
    let tail = bytes.count > shown.count ? "..." : ""
    if shown.allSatisfy({ (0x20..<0x7f).contains($0) }) {
      return "\"" + String(decoding: shown, as: UTF8.self) + "\"" + tail
    }
    let digits = shown.map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
    return digits.joined(separator: " ") + tail
  }
}
