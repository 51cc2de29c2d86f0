package import FuseProtocol
package import Linux

/// An open file as `OpenFileTable.find` gives it: borrowed until the view's next quiescent point.
package struct OpenFile: Sendable {
  package let descriptor: Descriptor
  package let handle: UInt64
  package let node: NodeID
  package let flags: OpenFileFlags
}

/// What is known of an open file since it was opened.
package struct OpenFileFlags: OptionSet, Sendable {
  package let rawValue: UInt32

  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  package static let isDirectory = OpenFileFlags(rawValue: 1)
  package static let isWritable = OpenFileFlags(rawValue: 2)
  /// `O_DIRECT`
  package static let isDirect = OpenFileFlags(rawValue: 4)
  /// The file system refused `RWF_NOWAIT`.
  package static let refusesNoWait = OpenFileFlags(rawValue: 8)
}

/// Where the reading of a directory stands.
package struct DirectoryCursor: Sendable {
  /// The descriptor's own position, as `getdents64` left it (`d_off`).
  package var offset: UInt64 = 0
}

/// The files that the guest has open.
package final class OpenFileTable: Sendable {
  package init(limbo: Limbo, descriptors: DescriptorBudget, maximumCount: Int) {}

  package func insert(
    _ descriptor: consuming OwnedDescriptor, node: NodeID, flags: OpenFileFlags
  ) throws(Errno) -> UInt64 {
    throw .notImplemented
  }

  package func find(_ handle: UInt64) throws(Errno) -> OpenFile {
    throw .badDescriptor
  }

  /// Calls `body` with the directory's cursor, which no other thread uses meanwhile.
  package func withCursor<R>(
    of handle: UInt64, _ body: (inout DirectoryCursor) throws(Errno) -> R
  ) throws(Errno) -> R {
    throw .badDescriptor
  }

  package func release(_ handle: UInt64) {}
  package func releaseAll() {}
  package func pin(_ handle: UInt64) {}
  package func unpin(_ handle: UInt64) {}
  package func setRefusesNoWait(_ handle: UInt64) {}
  package var count: Int { 0 }
}
