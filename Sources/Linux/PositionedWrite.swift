internal import CLinux

extension Descriptor {
  /// Writes all of `bytes` at `offset`, leaving the file's position alone; `pwrite(2)`.
  package func writeWhole(_ bytes: RawSpan, at offset: UInt64) throws(Errno) {
    guard let start = off_t(exactly: offset), start <= off_t.max - bytes.byteCount else {
      throw .fileTooBig
    }
    var done = 0
    while done < bytes.byteCount {
      let rest = bytes.extracting(droppingFirst: done)
      // SAFETY: the buffer lives through the call and bounds what is read.
      let count = try unsafe rest.withUnsafeBytes { (buffer) throws(Errno) in
        try attempt { unsafe pwrite(rawValue, buffer.baseAddress, buffer.count, start + done) }
      }
      guard count > 0 else { throw .inputOutput }
      done += count
    }
  }
}
