package import FuseProtocol
package import FuseServer
package import Linux
internal import Synchronization

extension Passthrough {
  package func fallocate(
    _ node: NodeID, _ arguments: FallocateIn
  ) throws(Errno) -> DeferredCall {
    try checkWritable()
    let mode = AllocationMode(rawValue: arguments.mode)
    guard mode.isSubset(of: [.keepSize, .punchHole, .zeroRange]) else { throw .notSupported }
    let (end, overflows) = arguments.offset.addingReportingOverflow(arguments.byteCount)
    guard !overflows, end <= UInt64(Int64.max) else { throw .fileTooBig }
    guard arguments.byteCount > 0 else { throw .invalidArgument }
    let file = try regularFile(arguments.handle)
    guard file.flags.contains(.isWritable) else { throw .badDescriptor }
    return .allocate(
      reference(to: file),
      AllocateCall(
        mode: Int32(bitPattern: mode.rawValue), offset: arguments.offset,
        byteCount: arguments.byteCount, killsSetID: try mustKillSetID(file)))
  }

  /// Only what the guest cannot know: where data and holes are.
  package func lseek(_ node: NodeID, _ arguments: LseekIn) throws(Errno) -> LseekOut {
    let region: Descriptor.SparseRegion =
      switch arguments.whence {
      case 3: .data
      case 4: .hole
      case _: throw .invalidArgument
      }
    let file = try regularFile(arguments.handle)
    return LseekOut(offset: try file.descriptor.seek(to: region, from: arguments.offset))
  }

  package func copyFileRange(
    _ node: NodeID, _ arguments: CopyFileRangeIn
  ) throws(Errno) -> UInt64 {
    try checkWritable()
    guard arguments.flags == 0 else { throw .invalidArgument }
    let source = try regularFile(arguments.sourceHandle)
    let destination = try regularFile(arguments.destinationHandle)
    let byteCount = min(arguments.byteCount, Self.maximumCopyByteCount)
    let kills = try mustKillSetID(destination)
    let copied = try detached(from: [arguments.sourceHandle, arguments.destinationHandle]) {
      () throws(Errno) in
      try clearingSetID(if: kills) { () throws(Errno) in
        try source.descriptor.copyRange(
          from: arguments.sourceOffset, to: destination.descriptor,
          at: arguments.destinationOffset, byteCount: Int(byteCount))
      }
    }
    return UInt64(copied)
  }

  /// Whether set-id bits have to go, where the request has no flag to say so.
  ///
  /// A guest that has left that to us (`FUSE_HANDLE_KILLPRIV_V2`) does not do it itself.
  private func mustKillSetID(_ file: OpenFile) throws(Errno) -> Bool {
    guard share.killsSetID.load(ordering: .relaxed) else { return false }
    return try hasSetID(file)
  }

  /// The most that one call of the host copies (`MAX_RW_COUNT`), which also fits the 32 bits of the
  /// older reply. The guest goes on from what was copied.
  private static let maximumCopyByteCount: UInt64 = 0x7fff_f000
}

/// What FALLOCATE is to do with the range; `FALLOC_FL_*`, those that a guest passes on.
private struct AllocationMode: OptionSet {
  let rawValue: UInt32

  /// `FALLOC_FL_KEEP_SIZE`
  static let keepSize = AllocationMode(rawValue: 0x01)
  /// `FALLOC_FL_PUNCH_HOLE`
  static let punchHole = AllocationMode(rawValue: 0x02)
  /// `FALLOC_FL_ZERO_RANGE`
  static let zeroRange = AllocationMode(rawValue: 0x10)
}
