internal import CLinux

/// An open file's number, borrowed: whoever holds the `OwnedDescriptor` closes it.
///
/// Every system call on an open file is a method here, in the extension of its subject.
package struct Descriptor: RawRepresentable, Hashable, Sendable {
  package let rawValue: Int32

  package init(rawValue: Int32) {
    self.rawValue = rawValue
  }

  /// `AT_FDCWD`: paths are resolved from the current directory.
  package static let currentDirectory = Descriptor(rawValue: AT_FDCWD)
}

/// An open file that is closed exactly once: when this value goes.
package struct OwnedDescriptor: ~Copyable, Sendable {
  private let rawValue: Int32

  /// Takes over `rawValue`, which nobody else may close.
  package init(taking rawValue: Int32) {
    precondition(rawValue >= 0, "not a descriptor")
    self.rawValue = rawValue
  }

  /// The number, to make calls with while this value lives.
  package var borrowed: Descriptor {
    Descriptor(rawValue: rawValue)
  }

  /// Gives up the number without closing it.
  package consuming func release() -> Descriptor {
    let number = Descriptor(rawValue: rawValue)
    discard self
    return number
  }

  // close(2) may report EINTR or EIO, but the number is free in every case on Linux.
  deinit {
    _ = closeNumber(rawValue)
  }
}

@inline(__always)
private func closeNumber(_ number: Int32) -> Int32 {
  close(number)
}
