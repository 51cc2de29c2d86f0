import FuseProtocol
import FuseServer
import Linux
import Passthrough
import TestSupport
import Testing

@Suite(needsRoot) struct PassthroughRangesTests {
  private static func allocate(
    _ guest: Guest, _ handle: UInt64, mode: UInt32, at offset: UInt64, _ byteCount: UInt64
  ) throws(Errno) {
    let arguments = FallocateIn(
      handle: handle, offset: offset, byteCount: byteCount, mode: mode)
    let call = try guest.view.fallocate(.root, arguments)
    guard case .allocate(let file, let allocate) = call else {
      throw .protocolError
    }
    try file.descriptor.allocate(
      mode: allocate.mode, offset: allocate.offset, byteCount: allocate.byteCount)
  }

  @Test func fallocateGrowsKeepsZeroesAndPunches() async throws {
    try await withGuest { guest in
      try hostWrite(guest.path("file"), String(repeating: "a", count: 12288))
      let handle = try guest.open(try guest.lookup("file").node, .readWrite).handle
      try Self.allocate(guest, handle, mode: 1, at: 0, 65536)
      #expect(try hostStatus(guest.path("file")).size == 12288)
      try Self.allocate(guest, handle, mode: 0, at: 0, 16384)
      #expect(try hostStatus(guest.path("file")).size == 16384)
      try Self.allocate(guest, handle, mode: 3, at: 4096, 4096)
      let bytes = try hostRead(guest.path("file"))
      #expect(bytes[4096..<8192].allSatisfy { $0 == 0 })
      #expect(bytes[..<4096].allSatisfy { $0 == UInt8(ascii: "a") })
      #expect(bytes[8192..<12288].allSatisfy { $0 == UInt8(ascii: "a") })
    }
  }

  /// The requests have no flag for it, so that what INIT agreed on decides.
  @Test(arguments: [false, true])
  func rangesClearSetIDBitsIfTheGuestHasLeftThatToUs(isAgreed: Bool) async throws {
    try await withGuest { guest in
      guest.view.begin(
        Agreement(minor: 38, flags: isAgreed ? .handleKillPrivilegesV2 : []))
      let source = try guest.create("source")
      try guest.write("text", to: source.open.handle)
      let target = try guest.create("target", mode: 0o4755)
      guard
        case .allocate(_, let call) = try guest.view.fallocate(
          target.entry.node, FallocateIn(handle: target.open.handle, byteCount: 4))
      else { throw Errno.protocolError }
      #expect(call.killsSetID == isAgreed)
      let copy = CopyFileRangeIn(
        sourceHandle: source.open.handle, sourceOffset: 0, destinationNode: target.entry.node,
        destinationHandle: target.open.handle, destinationOffset: 0, byteCount: 4, flags: 0)
      #expect(try guest.view.copyFileRange(source.entry.node, copy) == 4)
      let mode = try hostStatus(guest.path("target")).mode
      #expect(mode & 0o7777 == (isAgreed ? 0o755 : 0o4755))
    }
  }

  /// Some file systems (tmpfs) cannot: then that is what the guest hears.
  @Test func zeroingARangeEndsAsOnTheHost() async throws {
    try await withGuest { guest in
      let file = try guest.create("file")
      try guest.write(String(repeating: "a", count: 8192), to: file.open.handle)
      guard
        case .read(let host, _, _) = try guest.view.read(
          .root, ReadIn(handle: try guest.create("other").open.handle))
      else { throw Errno.protocolError }
      let onHost = Result { () throws(Errno) in
        try host.descriptor.allocate(mode: 0x10, offset: 0, byteCount: 4096)
      }
      let byGuest = Result { () throws(Errno) in
        try Self.allocate(guest, file.open.handle, mode: 0x10, at: 0, 4096)
      }
      switch (onHost, byGuest) {
      case (.success, .success):
        #expect(try hostRead(guest.path("file"))[..<4096].allSatisfy { $0 == 0 })
      case (.failure(let one), .failure(let other)): #expect(one == other)
      case _: Issue.record("\(onHost) on the host, \(byGuest) for the guest")
      }
    }
  }

  @Test(arguments: [0x04, 0x08, 0x20, 0x40, 0x8000_0000] as [UInt32])
  func otherModesAreNotSupported(mode: UInt32) async throws {
    try await withGuest { guest in
      let handle = try guest.create("file").open.handle
      #expect(throws: Errno.notSupported) {
        try Self.allocate(guest, handle, mode: mode, at: 0, 4096)
      }
    }
  }

  @Test func rangesThatNoFileHasAreRefused() async throws {
    try await withGuest { guest in
      let handle = try guest.create("file").open.handle
      for (offset, byteCount) in [(UInt64.max, 2), (1 << 63, 1), (1, UInt64.max)] {
        #expect(throws: Errno.fileTooBig) {
          try Self.allocate(guest, handle, mode: 0, at: offset, byteCount)
        }
      }
      #expect(throws: Errno.invalidArgument) {
        try Self.allocate(guest, handle, mode: 0, at: 0, 0)
      }
      #expect(throws: Errno.badDescriptor) {
        try Self.allocate(guest, 999, mode: 0, at: 0, 1)
      }
      let reader = try guest.open(try guest.lookup("file").node).handle
      #expect(throws: Errno.badDescriptor) {
        try Self.allocate(guest, reader, mode: 0, at: 0, 1)
      }
    }
  }

  @Test func lseekFindsDataAndHoles() async throws {
    try await withGuest { guest in
      try hostWrite(guest.path("file"), "")
      try hostTruncate(guest.path("file"), 1 << 20)
      let handle = try guest.open(try guest.lookup("file").node, .readWrite).handle
      try guest.write(String(repeating: "x", count: 4096), to: handle, at: 1 << 19)
      let seek = { (whence: UInt32, offset: UInt64) throws(Errno) -> UInt64 in
        try guest.view.lseek(
          .root, LseekIn(handle: handle, offset: offset, whence: whence)
        ).offset
      }
      #expect(try seek(3, 0) == 1 << 19)
      #expect(try seek(4, 0) == 0)
      #expect(try seek(4, 1 << 19) == (1 << 19) + 4096)
      #expect(throws: Errno(rawValue: 6)) { try seek(3, (1 << 20) + 1) }
      #expect(throws: Errno.invalidArgument) { try seek(3, 1 << 63) }
      for whence: UInt32 in [0, 1, 2, 5, .max] {
        #expect(throws: Errno.invalidArgument) { try seek(whence, 0) }
      }
    }
  }

  @Test func copiesBetweenTwoFilesOfTheShare() async throws {
    try await withGuest { guest in
      try hostWrite(guest.path("source"), "0123456789")
      try hostWrite(guest.path("target"), "abcdefghij")
      let source = try guest.open(try guest.lookup("source").node).handle
      let target = try guest.open(try guest.lookup("target").node, .readWrite).handle
      var arguments = CopyFileRangeIn(
        sourceHandle: source, sourceOffset: 2, destinationHandle: target, destinationOffset: 5,
        byteCount: 3)
      #expect(try guest.view.copyFileRange(.root, arguments) == 3)
      #expect(try hostReadText(guest.path("target")) == "abcde234ij")
      // More than there is, and more than a call of the host can.
      arguments.byteCount = .max
      #expect(try guest.view.copyFileRange(.root, arguments) == 8)
      arguments.flags = 1
      #expect(throws: Errno.invalidArgument) {
        try guest.view.copyFileRange(.root, arguments)
      }
    }
  }

  @Test func copiesNeedTwoOpenFilesThatAllowIt() async throws {
    try await withGuest { guest in
      try hostWrite(guest.path("file"), "0123456789")
      let reader = try guest.open(try guest.lookup("file").node).handle
      for (source, target) in [(reader, reader), (reader, 77), (77, reader)] {
        #expect(throws: Errno.badDescriptor) {
          try guest.view.copyFileRange(
            .root,
            CopyFileRangeIn(sourceHandle: source, destinationHandle: target, byteCount: 5))
        }
      }
    }
  }
}
