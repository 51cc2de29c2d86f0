import FuseProtocol
import FuseServer
import Linux
import Passthrough
import TestSupport
import Testing

@Suite(needsRoot) struct PassthroughSessionTests {
  private static let agreement = Agreement(minor: 38, flags: [])

  @Test(arguments: FileHandleMode.allCases)
  func aNewSessionKnowsNothingOfTheOneBefore(mode: FileHandleMode) async throws {
    try await withGuest({ $0.fileHandles = mode }) { guest in
      let file = try guest.create("file")
      let directory = try guest.mkdir("directory").node
      guest.view.begin(Self.agreement)
      #expect(throws: Errno.stale) { try guest.attributes(file.entry.node) }
      #expect(throws: Errno.stale) { try guest.lookup("a", in: directory) }
      #expect(throws: Errno.badDescriptor) { try guest.read(file.open.handle) }
      #expect(guest.share.counts.nodes == 1)
      #expect(guest.share.counts.openFiles == 0)
      #expect(try guest.lookup("file").node != file.entry.node)
      #expect(try guest.attributes(.root).mode & FileMode.mask == FileMode.directory)
    }
  }

  @Test(arguments: FileHandleMode.allCases)
  func whatAGuestHeldIsClosedWhenItHasLeft(mode: FileHandleMode) async throws {
    try await withGuest({ $0.fileHandles = mode }) { guest in
      guest.view.quiesce()
      let before = try openDescriptorsOfShare(guest)
      for index in 0..<50 { _ = try guest.create("file\(index)") }
      #expect(try openDescriptorsOfShare(guest) >= before + 50)
      guest.view.end()
      guest.view.quiesce()
      guest.view.quiesce()
      #expect(try openDescriptorsOfShare(guest) == before)
    }
  }

  /// Other tests run beside this one: only what lies in its share is counted.
  private func openDescriptorsOfShare(_ guest: Guest) throws -> Int {
    try openDescriptorsOfThisProcess().count { $0.contains(guest.directory.path) }
  }

  private static func preferences(
    _ configure: @escaping @Sendable (inout Configuration) -> Void = { _ in }
  ) async throws -> InitFlags {
    let directory = try TemporaryDirectory("share")
    return try await onOwnThread {
      var configuration = Configuration()
      configuration.descriptorBudget = 100
      configure(&configuration)
      let guest = try Guest(directory, configuration)
      #expect(guest.view.sessionPreferences.maximumWriteByteCount == 1 << 20)
      return guest.view.sessionPreferences.flags
    }
  }

  @Test(arguments: CachePolicy.allCases)
  func whatEverySessionWants(policy: CachePolicy) async throws {
    let flags = try await Self.preferences { $0.cache = policy }
    let always: InitFlags = [
      .asyncRead, .atomicTruncate, .bigWrites, .dontMask, .asyncDirectIO,
      .parallelDirectoryOperations, .maximumPages, .setxattrExtension, .initExtension,
      .createSupplementaryGroup, .noExportSupport, .allowIDMap, .submounts,
    ]
    #expect(flags.isSuperset(of: always))
    let never: InitFlags = [
      .writebackCache, .posixLocks, .flockLocks, .exportSupport, .posixACL, .noOpenSupport,
      .noOpendirSupport, .explicitInvalidateData, .handleKillPrivileges, .passthrough,
      .overIOUring, .securityContext,
    ]
    #expect(flags.isDisjoint(with: never))
  }

  @Test func whatDependsOnTheOptions() async throws {
    let unannounced = try await Self.preferences { $0.announcesMounts = false }
    #expect(!unannounced.contains(.submounts))
    let plain = try await Self.preferences()
    #expect(plain.isSuperset(of: [.autoInvalidateData, .doReaddirplus, .readdirplusAuto]))
    #expect(plain.isDisjoint(with: [.handleKillPrivilegesV2, .directIOAllowsMapping]))
    #expect(try await !Self.preferences { $0.cache = .always }.contains(.autoInvalidateData))
    #expect(
      try await Self.preferences { $0.offersReaddirplus = false }
        .isDisjoint(with: [.doReaddirplus, .readdirplusAuto]))
    #expect(
      try await Self.preferences { $0.cache = .never }
        .isDisjoint(with: [.doReaddirplus, .readdirplusAuto]))
    #expect(
      try await Self.preferences { $0.killsPrivileges = true }.contains(.handleKillPrivilegesV2))
  }

  @Test(arguments: zip(CachePolicy.allCases, [false, false, true, true]))
  func mappingsAreAllowedWhereDataBypassesTheCache(
    policy: CachePolicy, isExpected: Bool
  ) async throws {
    let flags = try await Self.preferences {
      $0.cache = policy
      $0.allowsMapping = true
    }
    #expect(flags.contains(.directIOAllowsMapping) == isExpected)
  }

  @Test(arguments: zip(CachePolicy.allCases, [1, 86_400, 0, 86_400] as [UInt64]))
  func theCachePolicyDecidesHowLongThingsHold(policy: CachePolicy, seconds: UInt64) async throws {
    try await withGuest({ $0.cache = policy }) { guest in
      let entry = try guest.mkdir("directory")
      #expect([entry.entryValidSeconds, entry.attrValidSeconds] == [seconds, seconds])
      #expect(try guest.view.getattr(entry.node, GetattrIn()).validSeconds == seconds)
    }
  }

  @Test func extendedAttributesAreServedIfTheOperatorAllowsThem() async throws {
    let operations: [Opcode] = [.getxattr, .setxattr, .listxattr, .removexattr]
    try await withGuest { guest in
      #expect(operations.allSatisfy { !guest.view.serves($0) })
      #expect(guest.view.serves(.lookup))
    }
    try await withGuest({ $0.allowsExtendedAttributes = true }) { guest in
      #expect(operations.allSatisfy { guest.view.serves($0) })
    }
  }

  @Test func longCopiesLeaveTheQueuesThread() async throws {
    try await withGuest { guest in
      for opcode in [Opcode.copyFileRange, .copyFileRange64, .syncfs] {
        #expect(guest.view.placement(of: opcode, on: .root) == .worker)
      }
      for opcode in [Opcode.lookup, .create, .tmpfile, .setattr, .read, .write, .forget] {
        #expect(guest.view.placement(of: opcode, on: .root) == .inline)
      }
    }
  }

  @Test func aShareIsADirectory() throws {
    let directory = try TemporaryDirectory("share")
    try hostWrite(directory.path("file"), "")
    #expect(throws: Errno.notDirectory) {
      let root = try openHostDirectory(directory.path)
      let file = try withName("file") { (name) throws(Errno) in
        try root.borrowed.open(PathName(name.bytesWithTerminator), .readOnly)
      }
      _ = try Share(configuration: Configuration(), directory: file)
    }
  }
}
