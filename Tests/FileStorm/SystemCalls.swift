import Glibc

/// A call that failed though the model says that it must not, or that gave something else.
struct Finding: Error {
  var text: String
}

/// Throws what a system call that returned -1 failed with.
@discardableResult
func check<T: SignedInteger>(_ result: T, _ call: String) throws(Finding) -> T {
  guard result >= 0 else { throw Finding(text: "\(call): \(errorText(errno))") }
  return result
}

/// The C library's text for an error number.
func errorText(_ code: Int32) -> String {
  // SAFETY: the text is copied at once; one thread runs.
  unsafe String(cString: strerror(code))
}

/// Flags and numbers that the C library's module does not show.
enum Number {
  static let direct: Int32 = 0o40000
  static let keepSize: Int32 = 1
  static let punchHole: Int32 = 2
  static let zeroRange: Int32 = 16
  static let seekData: Int32 = 3
  static let seekHole: Int32 = 4
  static let page = 4096
}

/// Memory that begins at a page, as direct reads and writes want it.
@safe
final class PageBuffer {
  /// The bytes.
  let bytes: UnsafeMutableRawBufferPointer

  /// Room for `byteCount` bytes.
  init(byteCount: Int) {
    unsafe bytes = .allocate(byteCount: byteCount, alignment: Number.page)
  }

  deinit {
    unsafe bytes.deallocate()
  }
}

/// A shared mapping of a part of a file, unmapped when this object goes.
@safe
final class SharedMapping {
  /// The mapped bytes.
  let bytes: UnsafeMutableRawBufferPointer
  /// Where they are in the file.
  let offset: Int

  /// Maps a file; nil if its file system has no shared mappings (`ENODEV`).
  init?(_ descriptor: Int32, offset: Int, byteCount: Int, writable: Bool) throws(Finding) {
    let protection = PROT_READ | (writable ? PROT_WRITE : 0)
    let base = unsafe mmap(nil, byteCount, protection, MAP_SHARED, descriptor, offset)
    guard let base = unsafe base, Int(bitPattern: base) != -1 else {
      if errno == ENODEV { return nil }
      throw Finding(text: "mmap: \(errorText(errno))")
    }
    unsafe bytes = UnsafeMutableRawBufferPointer(start: base, count: byteCount)
    self.offset = offset
  }

  deinit {
    _ = unsafe munmap(bytes.baseAddress, bytes.count)
  }

  /// Writes what is dirty.
  func synchronize() throws(Finding) {
    try check(unsafe msync(bytes.baseAddress, bytes.count, MS_SYNC), "msync")
  }
}
