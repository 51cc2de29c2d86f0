/// What may stand in for a file's data that a capture does not hold.
struct StandIns {
  /// Filler of so few bytes could be chance, unless it is known where to look.
  static let shortByteCount = 3

  /// Whether some data is not in the capture.
  var mayHoldFiller = false
  /// Whether a hole may stand in for data.
  var mayHoldHoles = false
  /// Where filler was written in short pieces: how many bytes, by their offset.
  var shortCuts: [UInt64: Int] = [:]

  /// Whether `bytes`, of which the first lies at `offset` of the file, may differ from what was
  /// recorded only because something stands in for it.
  func explain(_ bytes: ArraySlice<UInt8>, at offset: UInt64) -> Bool {
    guard mayHoldFiller, !bytes.isEmpty else { return false }
    return mayHoldHoles && Self.hasHole(bytes) || hasShortCut(bytes, at: offset)
      || Self.hasFiller(bytes, at: offset)
  }

  private func hasShortCut(_ bytes: ArraySlice<UInt8>, at offset: UInt64) -> Bool {
    shortCuts.contains { cut, count in
      guard cut >= offset, cut - offset <= UInt64(bytes.count) else { return false }
      return bytes.dropFirst(Int(cut - offset)).prefix(count)
        .elementsEqual(Filler.bytes(at: cut, count: count))
    }
  }

  /// Whether `bytes`, of which the first lies at `offset` of its file, hold filler.
  ///
  /// A run of filler of its own place must be so long that chance hardly makes one: the more bytes
  /// there are, the longer. A file that was copied has the filler of other places.
  static func hasFiller(_ bytes: ArraySlice<UInt8>, at offset: UInt64) -> Bool {
    let expected = Filler.bytes(at: offset, count: bytes.count)
    let wanted = bytes.count <= 16 ? 1 : bytes.count <= 4096 ? 2 : 3
    var run = 0
    for (byte, filler) in zip(bytes, expected) {
      run = byte == filler ? run + 1 : 0
      if run == wanted { return true }
    }
    var word: UInt64 = 0
    for (place, byte) in bytes.enumerated() {
      word = word >> 8 | UInt64(byte) << 56
      if place >= 7, Filler.isWord(word) { return true }
    }
    return false
  }

  /// Whether `bytes` hold zeros that may be a hole's.
  static func hasHole(_ bytes: ArraySlice<UInt8>) -> Bool {
    let wanted = min(bytes.count, 64)
    var run = 0
    for byte in bytes {
      run = byte == 0 ? run + 1 : 0
      if run == wanted { return true }
    }
    return false
  }
}
