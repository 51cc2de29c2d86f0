import Linux
import TestSupport
import Testing

/// Skips nothing silently: what needs root is enabled by this.
let isRoot = ThreadIdentity.user == 0

@Suite struct CredentialsTests {
  @Test(.enabled(if: isRoot, "only root may change identity"))
  func identityChangesOnOneThreadOnly() throws {
    let seen = try onThread {
      try ThreadIdentity.setGroup(4321)
      try ThreadIdentity.setUser(1234)
      let others = try onThreadOfOldIdentity()
      return [ThreadIdentity.user, ThreadIdentity.group] + others
    }
    #expect(seen == [1234, 4321, 0, 0])
    #expect(ThreadIdentity.user == 0)
    #expect(ThreadIdentity.group == 0)
  }

  @Test(.enabled(if: isRoot, "only root may change identity"))
  func filesBelongToTheThreadsUser() throws {
    let directory = try TemporaryDirectory("owner")
    try hostSetMode(directory.path, 0o777)
    let path = directory.path("file")
    try onThread {
      try ThreadIdentity.setGroup(4321)
      try ThreadIdentity.setUser(1234)
      try hostWrite(path, "")
    }
    let status = try hostStatus(path)
    #expect([status.uid, status.gid] == [1234, 4321])
  }

  @Test(.enabled(if: isRoot, "only root may change identity"))
  func leavingRootClearsTheEffectiveCapabilitiesAndComingBackSetsThem() throws {
    let (before, away, back) = try onThread {
      let before = try ThreadCapabilities.current()
      try ThreadIdentity.setUser(1234)
      let away = try ThreadCapabilities.current()
      try ThreadIdentity.setUser(0)
      return (before, away, try ThreadCapabilities.current())
    }
    #expect(away.effective.isEmpty)
    #expect(away.permitted == before.permitted)
    #expect(back.effective == before.permitted)
  }

  @Test func minusOneIsNoId() {
    #expect(throws: Errno.invalidArgument) { try ThreadIdentity.setUser(.max) }
    #expect(throws: Errno.invalidArgument) { try ThreadIdentity.setGroup(.max) }
  }

  @Test(.enabled(if: isRoot, "only root may change groups"))
  func groupsChangeOnOneThreadOnly() throws {
    let before = try ThreadIdentity.supplementaryGroups()
    let inside = try onThread {
      try ThreadIdentity.setSupplementaryGroups([7, 8, 4_000_000].span)
      return try ThreadIdentity.supplementaryGroups()
    }
    #expect(inside == [7, 8, 4_000_000])
    #expect(try ThreadIdentity.supplementaryGroups() == before)
  }

  @Test func theFileCreationMaskIsTheThreadsOwnOnceSeparated() throws {
    let outside = fileCreationMask()
    let inside = try onThread {
      try ThreadIdentity.separateFileSystemState()
      ThreadIdentity.setFileCreationMask(0o123)
      return [fileCreationMask(), ThreadIdentity.setFileCreationMask(0)]
    }
    #expect(inside == [0o123, 0o123])
    #expect(fileCreationMask() == outside)
  }

  @Test(.enabled(if: isRoot, "only root has capabilities"))
  func capabilitiesChangeOnOneThreadOnly() throws {
    let (reduced, other) = try onThread {
      var capabilities = try ThreadCapabilities.current()
      capabilities.effective.remove(.setID)
      try capabilities.apply()
      return (capabilities == (try ThreadCapabilities.current()), capabilities)
    }
    #expect(reduced)
    #expect(!other.effective.contains(.setID))
    #expect(try ThreadCapabilities.current().effective.contains(.setID))
  }

  @Test func whatIsNotPermittedCannotBeRaised() throws {
    try onThread {
      var capabilities = try ThreadCapabilities.current()
      capabilities.permitted.remove(.makeNode)
      capabilities.effective.remove(.makeNode)
      try capabilities.apply()
      capabilities.effective.insert(.makeNode)
      #expect(throws: Errno.notPermitted) { try capabilities.apply() }
    }
  }
}

/// The umask of this thread, without changing it.
private func fileCreationMask() -> UInt32? {
  guard let status = try? hostReadText("/proc/thread-self/status") else { return nil }
  for line in status.split(separator: "\n") where line.hasPrefix("Umask:") {
    return UInt32(line.dropFirst(6).drop { $0 == "\t" }, radix: 8)
  }
  return nil
}

/// The effective ids of the process's first thread, from outside.
private func onThreadOfOldIdentity() throws -> [UInt32] {
  let status = try hostReadText("/proc/self/status")
  return ["Uid:", "Gid:"].compactMap { key in
    let line = status.split(separator: "\n").first { $0.hasPrefix(key) }
    return line.flatMap { UInt32($0.split(separator: "\t")[2]) }
  }
}
