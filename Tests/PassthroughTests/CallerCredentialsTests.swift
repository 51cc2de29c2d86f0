import FuseProtocol
import Linux
import Passthrough
import TestSupport
import Testing

private let isRoot = ThreadIdentity.user == 0

@Suite struct CallerCredentialsTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory("creator")
  }

  @Test(.enabled(if: isRoot, "only root may act as others"))
  func whatIsMadeBelongsToTheCreator() throws {
    let path = directory.path("file")
    try onThread {
      let credentials = try CallerCredentials()
      try credentials.acting(as: Creator(uid: 1234, gid: 4321, umask: 0o027)) { () throws(Errno) in
        try hostWrite(path, "", mode: 0o666)
      }
    }
    let status = try hostStatus(path)
    #expect([status.uid, status.gid, status.permissions] == [1234, 4321, 0o640])
  }

  @Test(.enabled(if: isRoot, "only root may act as others"))
  func permissionsOfTheDirectoryDoNotCountButOtherCapabilitiesAreGone() throws {
    try hostSetMode(directory.path, 0o700)
    let path = directory.path("file")
    try onThread {
      let credentials = try CallerCredentials()
      let inside = try credentials.acting(as: Creator(uid: 1234, gid: 0)) { () throws(Errno) in
        try hostWrite(path, "")
        return try ThreadCapabilities.current().effective
      }
      #expect(inside == .dacOverride)
    }
    #expect(try hostStatus(path).uid == 1234)
  }

  @Test(.enabled(if: isRoot, "only root may act as others"))
  func everythingIsAsBeforeAfterwards() throws {
    try onThread {
      let credentials = try CallerCredentials()
      let before = try Identity.current()
      var creator = Creator(uid: 1234, gid: 4321, umask: 0o077)
      try creator.addGroup(77)
      let inside = try credentials.acting(as: creator) { () throws(Errno) in
        try Identity.current()
      }
      #expect([inside.user, inside.group, inside.mask] == [1234, 4321, 0o077])
      #expect(inside.groups == [77])
      #expect(try Identity.current() == before)
      #expect(throws: Errno.notEmpty) {
        try credentials.acting(as: creator) { () throws(Errno) in throw Errno.notEmpty }
      }
      #expect(try Identity.current() == before)
    }
  }

  @Test(.enabled(if: isRoot, "only root may act as others"))
  func restoresAnEffectiveSetThatIsLessThanThePermitted() throws {
    try onThread {
      var less = try ThreadCapabilities.current()
      less.effective.remove(.makeNode)
      try less.apply()
      let credentials = try CallerCredentials()
      try credentials.acting(as: Creator(uid: 1, gid: 1)) { () throws(Errno) in }
      #expect(try ThreadCapabilities.current() == less)
    }
  }

  @Test(
    .enabled(if: isRoot, "only root may act as others"),
    arguments: [Creator(uid: .max, gid: 5), Creator(uid: 5, gid: .max)])
  func anIdThatCannotBeIsRefusedAndNothingRemains(creator: Creator) throws {
    try onThread {
      let credentials = try CallerCredentials()
      let before = try Identity.current()
      #expect(throws: Errno.invalidArgument) {
        try credentials.acting(as: creator) { () throws(Errno) in
          Issue.record("acted as nobody")
        }
      }
      #expect(try Identity.current() == before)
    }
  }

  @Test(.enabled(if: isRoot, "only root may act as others"))
  func rootWithoutTheCapabilityMakesNothingForOthers() throws {
    try onThread {
      try Capabilities.limit(to: CapabilitySet.fileServer.subtracting(.setUser))
      let credentials = try CallerCredentials()
      let before = try Identity.current()
      #expect(throws: Errno.notPermitted) {
        try credentials.acting(as: Creator(uid: 1234, gid: 4321)) { () throws(Errno) in
          Issue.record("acted as root in place of another")
        }
      }
      #expect(try Identity.current() == before)
    }
  }

  @Test(.enabled(if: isRoot, "only root may act as others"))
  func otherThreadsSeeNothing() throws {
    let before = try firstThread()
    let (inside, own) = try onThread {
      let credentials = try CallerCredentials()
      var creator = Creator(uid: 1234, gid: 4321, umask: 0o077)
      try creator.addGroup(77)
      return try credentials.acting(as: creator) { () throws(Errno) in
        (try firstThread(), try identityLines("/proc/thread-self/status"))
      }
    }
    #expect(inside == before)
    #expect(own != before)
  }

  /// The kernel clears the set-group-id bit of what somebody makes who is not in its group.
  @Test(.enabled(if: isRoot, "only root may act as others"))
  func aSupplementaryGroupKeepsTheSetGroupIDBit() throws {
    try hostSetOwner(directory.path, uid: 0, gid: 77)
    try hostSetMode(directory.path, 0o2777)
    let (without, with) = (directory.path("without"), directory.path("with"))
    try onThread {
      let credentials = try CallerCredentials()
      var creator = Creator(uid: 1234, gid: 4321)
      try credentials.acting(as: creator) { () throws(Errno) in
        try hostWrite(without, "", mode: 0o2775)
      }
      try creator.addGroup(77)
      try credentials.acting(as: creator) { () throws(Errno) in
        try hostWrite(with, "", mode: 0o2775)
      }
    }
    let statuses = try [hostStatus(without), hostStatus(with)]
    #expect(statuses.map(\.gid) == [77, 77])
    #expect(statuses.map(\.permissions) == [0o775, 0o2775])
  }

  @Test(.enabled(if: isRoot, "only root has capabilities"))
  func withoutTheSetIDCapabilityAWriteClearsTheBits() throws {
    let path = directory.path("program")
    try onThread {
      let credentials = try CallerCredentials()
      try hostWrite(path, "x", mode: 0o6755)
      try hostSetMode(path, 0o6755)
      try hostWrite(path, "y")
      #expect(try hostStatus(path).permissions == 0o6755)
      let before = try Identity.current()
      try credentials.withoutSetIDCapability { () throws(Errno) in try hostWrite(path, "z") }
      #expect(try hostStatus(path).permissions == 0o755)
      #expect(try Identity.current() == before)
    }
  }

  @Test func aDaemonThatIsNotRootMakesEverythingAsItself() throws {
    let path = directory.path("file")
    try hostSetMode(directory.path, 0o777)
    let user = try onThread {
      if isRoot { try ThreadIdentity.setUser(999) }
      let credentials = try CallerCredentials()
      try credentials.acting(as: Creator(uid: 1234, gid: 4321, umask: 0o022)) { () throws(Errno) in
        try hostWrite(path, "", mode: 0o666)
      }
      try credentials.withoutSetIDCapability { () throws(Errno) in try hostWrite(path, "") }
      return ThreadIdentity.user
    }
    let status = try hostStatus(path)
    #expect(status.uid == user)
    #expect(status.permissions == 0o644)
  }
}

/// Everything about a thread that acting as somebody changes.
private struct Identity: Equatable, Sendable {
  var user: UInt32
  var group: UInt32
  var groups: [UInt32]
  var mask: UInt32
  var capabilities: ThreadCapabilities

  /// The calling thread's.
  static func current() throws(Errno) -> Identity {
    let mask = ThreadIdentity.setFileCreationMask(0)
    ThreadIdentity.setFileCreationMask(mask)
    return Identity(
      user: ThreadIdentity.user, group: ThreadIdentity.group,
      groups: try ThreadIdentity.supplementaryGroups(), mask: mask,
      capabilities: try .current())
  }
}

/// What the process's first thread is, as others see it.
private func firstThread() throws(Errno) -> [Substring] {
  try identityLines("/proc/self/status")
}

private func identityLines(_ path: String) throws(Errno) -> [Substring] {
  try hostReadText(path).split(separator: "\n").filter { line in
    ["Umask:", "Uid:", "Gid:", "Groups:", "CapEff:"].contains { line.hasPrefix($0) }
  }
}
