package import Linux

/// What the device calls the driver by: an eventfd, or a pipe as user-mode-linux has it.
package struct CallLine: Sendable {
  private let reader: SharedDescriptor
  private let writer: SharedDescriptor

  /// An eventfd, or a pipe whose reading end does not block.
  ///
  /// - Throws: `system`.
  package init(isPipe: Bool) throws(FrontEndError) {
    if isPipe {
      let ends = try system { () throws(Errno) in try OwnedDescriptor.pipe() }
      reader = SharedDescriptor(OwnedDescriptor(taking: ends.reader.rawValue))
      writer = SharedDescriptor(OwnedDescriptor(taking: ends.writer.rawValue))
      let number = reader.borrowed
      try system { () throws(Errno) in try number.setNonblocking() }
    } else {
      let event = try system { () throws(Errno) in try EventDescriptor() }
      let number = event.borrowed
      reader = SharedDescriptor(try system { () throws(Errno) in try number.duplicate() })
      writer = reader
    }
  }

  /// What the driver waits on.
  package var readable: Descriptor {
    reader.borrowed
  }

  /// What the device gets.
  package var writable: Descriptor {
    writer.borrowed
  }

  /// Takes what has been signalled.
  package func clear() {
    reader.borrowed.clearEvent()
  }
}
