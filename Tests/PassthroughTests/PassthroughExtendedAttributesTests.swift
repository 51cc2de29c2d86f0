import FuseProtocol
import FuseServer
import Linux
import Passthrough
import TestSupport
import Testing

@Suite(needsRoot) struct PassthroughExtendedAttributesTests {
  private static let types = ["file", "directory", "link", "fifo", "device"]

  /// A guest with extended attributes on a share with one object of each type.
  private func withAttributes(_ body: @escaping @Sendable (Guest) throws -> Void) async throws {
    try await withGuest {
      $0.allowsExtendedAttributes = true
    } _: { guest in
      try hostWrite(guest.path("file"), "")
      try hostMakeDirectory(guest.path("directory"))
      try hostSymbolicLink(guest.path("link"), to: "file")
      _ = try guest.mknod("fifo", mode: FileMode.fifo | 0o600)
      _ = try guest.mknod("device", mode: FileMode.character | 0o600, device: 0x103)
      try body(guest)
    }
  }

  @Test(arguments: types)
  func everyTypeOfFileHasAttributesOfItsOwn(name: String) async throws {
    try await withAttributes { guest in
      let node = try guest.lookup(name).node
      try guest.setxattr(node, "trusted.a", [1, 0, 255])
      try guest.setxattr(node, "trusted.empty", [])
      #expect(hostExtendedAttribute(guest.path(name), "trusted.a") == [1, 0, 255])
      #expect(try guest.getxattr(node, "trusted.a") == [1, 0, 255])
      #expect(try guest.getxattr(node, "trusted.empty") == [])
      #expect(try guest.listxattr(node).sorted() == ["trusted.a", "trusted.empty"])
      try guest.removexattr(node, "trusted.a")
      #expect(try guest.listxattr(node) == ["trusted.empty"])
      for other in Self.types where other != name {
        #expect(try guest.listxattr(guest.lookup(other).node).isEmpty)
      }
    }
  }

  @Test func aSizeOfNothingAsksForTheLength() async throws {
    try await withAttributes { guest in
      let node = try guest.lookup("file").node
      try guest.setxattr(node, "user.a", [UInt8](repeating: 7, count: 100))
      #expect(try guest.getxattrLength(node, "user.a") == 100)
      #expect(try guest.listxattrLength(node) == "user.a".utf8.count + 1)
      #expect(try guest.listxattrLength(guest.lookup("directory").node) == 0)
      #expect(throws: Errno.noData) { try guest.getxattrLength(node, "user.b") }
    }
  }

  /// `struct vfs_cap_data` of revision 2, with CAP_NET_BIND_SERVICE.
  private static let capability: [UInt8] =
    [0, 0, 0, 2, 0, 4, 0, 0] + [UInt8](repeating: 0, count: 12)

  @Test func aCapabilityThatTheGuestSetsIsSeenAtOnceByAllItsThreads() async throws {
    try await withAttributes { guest in
      let other = try Guest(guest.directory, sharing: guest.share)
      let node = try guest.lookup("file").node
      for view in [guest, other] {
        #expect(throws: Errno.noData) { try view.getxattr(node, "security.capability") }
      }
      try guest.setxattr(node, "security.capability", Self.capability)
      for view in [guest, other] {
        #expect(try view.getxattr(node, "security.capability") == Self.capability)
      }
      guest.view.forget(node, lookups: .max)
      #expect(throws: Errno.stale) { try guest.getxattr(node, "security.capability") }
    }
  }

  @Test(arguments: CachePolicy.allCases)
  func aCapabilityThatTheHostSetsIsSeenWhenAttributesAre(policy: CachePolicy) async throws {
    try await withGuest {
      $0.allowsExtendedAttributes = true
      $0.cache = policy
    } _: { guest in
      try hostWrite(guest.path("file"), "")
      var configuration = Configuration()
      configuration.allowsExtendedAttributes = true
      let host = try Guest(guest.directory, configuration)
      let node = try guest.lookup("file").node
      #expect(throws: Errno.noData) { try guest.getxattr(node, "security.capability") }
      try host.setxattr(host.lookup("file").node, "security.capability", Self.capability)
      if policy == .never {
        #expect(try guest.getxattr(node, "security.capability") == Self.capability)
      }
      let end = SystemClock.now + .milliseconds(1100)
      while SystemClock.now < end {}
      #expect(try guest.getxattr(node, "security.capability") == Self.capability)
    }
  }

  @Test func whatDoesNotFitIsERANGEAndWhatIsMissingENODATA() async throws {
    try await withAttributes { guest in
      let node = try guest.lookup("file").node
      try guest.setxattr(node, "user.a", [UInt8](repeating: 7, count: 100))
      #expect(throws: Errno.outOfRange) { try guest.getxattr(node, "user.a", size: 99) }
      #expect(try guest.getxattr(node, "user.a", size: 100).count == 100)
      #expect(throws: Errno.outOfRange) { try guest.listxattr(node, size: 6) }
      #expect(try guest.listxattr(node, size: 7) == ["user.a"])
      #expect(throws: Errno.noData) { try guest.getxattr(node, "user.b") }
      #expect(throws: Errno.noData) { try guest.removexattr(node, "user.b") }
    }
  }

  @Test func createAndReplaceAreHonoured() async throws {
    try await withAttributes { guest in
      let node = try guest.lookup("file").node
      #expect(throws: Errno.noData) { try guest.setxattr(node, "user.a", [1], flags: 2) }
      try guest.setxattr(node, "user.a", [1], flags: 1)
      #expect(throws: Errno.exists) { try guest.setxattr(node, "user.a", [2], flags: 1) }
      try guest.setxattr(node, "user.a", [3], flags: 2)
      #expect(try guest.getxattr(node, "user.a") == [3])
      #expect(throws: Errno.invalidArgument) { try guest.setxattr(node, "user.a", [], flags: 4) }
      #expect(throws: Errno.invalidArgument) {
        try guest.setxattr(node, "user.a", [], flags: 1 << 31)
      }
    }
  }

  @Test func impossibleNamesAndValuesAreRefused() async throws {
    try await withAttributes { guest in
      let node = try guest.lookup("file").node
      let long = "user." + String(repeating: "x", count: 251)
      #expect(throws: Errno.outOfRange) { try guest.setxattr(node, long, [1]) }
      #expect(throws: Errno.outOfRange) { try guest.getxattr(node, long) }
      #expect(throws: Errno.outOfRange) { try guest.removexattr(node, "") }
      try guest.setxattr(node, String(long.dropLast()), [1])
      #expect(throws: Errno.tooBig) {
        try guest.setxattr(node, "user.a", [UInt8](repeating: 0, count: 65537))
      }
      #expect(throws: Errno.notSupported) { try guest.setxattr(node, "nonsense", [1]) }
    }
  }

  /// An access list that the guest does not enforce would make it judge wrongly.
  @Test func accessListsAreNeitherSetNorShown() async throws {
    try await withAttributes { guest in
      try hostSetDefaultACL(guest.path("directory"), owner: 7, group: 5, others: 0)
      let node = try guest.lookup("directory").node
      try guest.setxattr(node, "user.a", [1])
      #expect(try guest.listxattr(node) == ["user.a"])
      #expect(try guest.listxattrLength(node) == 7)
      // The host's list is longer than this room.
      #expect(try guest.listxattr(node, size: 7) == ["user.a"])
      for name in ["system.posix_acl_default", "system.posix_acl_access"] {
        #expect(throws: Errno.notSupported) { try guest.getxattr(node, name) }
        #expect(throws: Errno.notSupported) { try guest.getxattrLength(node, name) }
        #expect(throws: Errno.notSupported) { try guest.setxattr(node, name, [2, 0, 0, 0]) }
        #expect(throws: Errno.notSupported) { try guest.removexattr(node, name) }
      }
      let host = hostExtendedAttribute(guest.path("directory"), "system.posix_acl_default")
      #expect(host != nil)
    }
  }

  @Test func aReadOnlyShareIsReadAndNotChanged() async throws {
    try await withGuest {
      $0.allowsExtendedAttributes = true
      $0.isReadOnly = true
    } _: { guest in
      try hostWrite(guest.path("file"), "")
      let node = try guest.lookup("file").node
      #expect(throws: Errno.readOnly) { try guest.setxattr(node, "user.a", [1]) }
      #expect(throws: Errno.readOnly) { try guest.removexattr(node, "user.a") }
      #expect(try guest.listxattr(node).isEmpty)
    }
  }

  @Test func withoutTheOptionTheGuestIsToldToStopAsking() async throws {
    for allows in [false, true] {
      try await withGuest {
        $0.allowsExtendedAttributes = allows
      } _: { guest in
        for opcode in [Opcode.setxattr, .getxattr, .listxattr, .removexattr] {
          #expect(guest.view.serves(opcode) == allows)
        }
        #expect(guest.view.serves(.lookup))
        #expect(guest.view.serves(.flush))
      }
    }
  }

  @Test func anUnknownNodeIsStale() async throws {
    try await withAttributes { guest in
      let node = NodeID(rawValue: 4711)
      #expect(throws: Errno.stale) { try guest.getxattr(node, "user.a") }
      #expect(throws: Errno.stale) { try guest.listxattr(node) }
      #expect(throws: Errno.stale) { try guest.setxattr(node, "user.a", [1]) }
      #expect(throws: Errno.stale) { try guest.removexattr(node, "user.a") }
    }
  }
}

extension Guest {
  fileprivate func setxattr(
    _ node: NodeID, _ name: String, _ value: [UInt8], flags: UInt32 = 0
  ) throws(Errno) {
    try withName(name) { (name) throws(Errno) in
      // SAFETY: bytes have no padding.
      let bytes = unsafe value.span.bytes
      try view.setxattr(node, name: name, value: bytes, flags: flags, extendedFlags: 0)
    }
  }

  @discardableResult
  fileprivate func getxattr(
    _ node: NodeID, _ name: String, size: Int = 65536
  ) throws(Errno) -> [UInt8] {
    var reply = ReplyBuffer(capacity: 65536)
    reply.begin(unique: 1, limit: size)
    let bytes = Array(name.utf8) + [0]
    // SAFETY: bytes have no padding.
    let span = unsafe bytes.span.bytes
    guard let name = try? Name(bytesWithTerminator: span) else { throw .protocolError }
    try view.getxattr(node, name: name, size: UInt32(size), into: &reply)
    return Array(PassthroughTests.bytes(of: reply).dropFirst(16))
  }

  @discardableResult
  fileprivate func listxattr(_ node: NodeID, size: Int = 65536) throws(Errno) -> [String] {
    var reply = ReplyBuffer(capacity: 65536)
    reply.begin(unique: 1, limit: size)
    try view.listxattr(node, size: UInt32(size), into: &reply)
    return PassthroughTests.bytes(of: reply).dropFirst(16).split(separator: 0).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  @discardableResult
  fileprivate func getxattrLength(_ node: NodeID, _ name: String) throws(Errno) -> Int {
    var reply = ReplyBuffer(capacity: 65536)
    reply.begin(unique: 1, limit: 8)
    let bytes = Array(name.utf8) + [0]
    // SAFETY: bytes have no padding.
    let span = unsafe bytes.span.bytes
    guard let name = try? Name(bytesWithTerminator: span) else { throw .protocolError }
    try view.getxattr(node, name: name, size: 0, into: &reply)
    return length(in: PassthroughTests.bytes(of: reply))
  }

  fileprivate func listxattrLength(_ node: NodeID) throws(Errno) -> Int {
    var reply = ReplyBuffer(capacity: 65536)
    reply.begin(unique: 1, limit: 8)
    try view.listxattr(node, size: 0, into: &reply)
    return length(in: PassthroughTests.bytes(of: reply))
  }

  fileprivate func removexattr(_ node: NodeID, _ name: String) throws(Errno) {
    try withName(name) { (name) throws(Errno) in try view.removexattr(node, name: name) }
  }

  /// The length in a `fuse_getxattr_out`, which is all of the reply.
  private func length(in reply: [UInt8]) -> Int {
    guard reply.count == 24 else { return -1 }
    return Int(reply[16]) | Int(reply[17]) << 8 | Int(reply[18]) << 16
  }
}
