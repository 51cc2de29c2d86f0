internal import CLinux

extension Descriptor {
  /// `STDOUT_FILENO`.
  package static let standardOutput = Descriptor(rawValue: STDOUT_FILENO)
  /// `STDERR_FILENO`.
  package static let standardError = Descriptor(rawValue: STDERR_FILENO)

  /// Whether this is a terminal: isatty(3).
  package var isTerminal: Bool {
    isatty(rawValue) == 1
  }

  /// Writes all of `text`, in one call where the file takes it in one.
  package func writeWhole(_ text: String) throws(Errno) {
    var text = text
    // SAFETY: the pointer is used only inside the closure, which gets the buffer's count.
    let error: Errno? = text.withUTF8 { bytes -> Errno? in
      var rest = unsafe bytes[...]
      while unsafe !rest.isEmpty {
        do throws(Errno) {
          let count = try attempt {
            // SAFETY: `rest` bounds the read.
            let part = unsafe UnsafeBufferPointer(rebasing: rest)
            return unsafe CLinux.write(rawValue, part.baseAddress, part.count)
          }
          unsafe rest = rest.dropFirst(count)
        } catch {
          return error
        }
      }
      return nil
    }
    if let error { throw error }
  }

  /// Opens /dev/null for each of the three standard descriptors that is closed.
  ///
  /// Otherwise the socket or the share would get such a number, and a log line would go into it.
  package static func openStandardStreams() throws(Errno) {
    while true {
      let file = try Descriptor.currentDirectory.open(path: "/dev/null", flags: O_RDWR)
      guard file.borrowed.rawValue <= STDERR_FILENO else { return }
      // Stays open as long as the process: the standard streams have no owner.
      let number = file.release()
      _ = swift_fcntl(number.rawValue, F_SETFD, 0)
    }
  }
}
