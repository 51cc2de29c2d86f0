import Linux
import TestSupport
import Testing

@Suite struct PermissionsTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory("permissions")
    try hostWrite(directory.path("file"), "", mode: 0o600)
    try hostSymbolicLink(directory.path("link"), to: "file")
  }

  @Test(.enabled(if: isRoot, "only root may give files away"))
  func ownersAreSetOneByOneAndOfTheLinkItself() throws {
    let file = try openHostPath(directory.path("file"))
    let link = try openHostPath(directory.path("link"))
    try file.borrowed.changeOwner(uid: 5, gid: nil)
    try file.borrowed.changeOwner(uid: nil, gid: 6)
    try link.borrowed.changeOwner(uid: 7, gid: 8)
    let status = try hostStatus(directory.path("file"))
    #expect([status.uid, status.gid] == [5, 6])
    let ofLink = try hostStatus(directory.path("link"))
    #expect([ofLink.uid, ofLink.gid] == [7, 8])
  }

  /// By the system call of Linux 6.6, and by what older kernels have.
  @Test func modesAreSetOfFilesThatAreNotOpenAndNeverThroughLinks() throws {
    let file = try openHostPath(directory.path("file"))
    let link = try openHostPath(directory.path("link"))
    try DescriptorLinks().changeMode(of: file.borrowed, to: 0o1751)
    #expect(try hostStatus(directory.path("file")).permissions == 0o1751)
    #expect(throws: Errno.notSupported) {
      try DescriptorLinks().changeMode(of: link.borrowed, to: 0o777)
    }
    do throws(Errno) {
      try file.borrowed.changeMode(to: 0o640)
      #expect(try hostStatus(directory.path("file")).permissions == 0o640)
      #expect(throws: Errno.notSupported) { try link.borrowed.changeMode(to: 0o777) }
    } catch {
      #expect(error == .notImplemented)
    }
  }

  @Test func timesAreSetKeptOrNow() throws {
    let file = try openHostPath(directory.path("file"))
    try file.borrowed.changeTimes(
      access: .at(seconds: 10, nanoseconds: 0), modification: .at(seconds: -20, nanoseconds: 7))
    var status = try hostStatus(directory.path("file"))
    #expect([status.accessSeconds, status.modificationSeconds] == [10, -20])
    #expect(status.modificationNanoseconds == 7)
    try file.borrowed.changeTimes(access: .keep, modification: .now)
    status = try hostStatus(directory.path("file"))
    #expect(status.accessSeconds == 10)
    #expect(status.modificationSeconds > 1_700_000_000)
    #expect(throws: Errno.invalidArgument) {
      try file.borrowed.changeTimes(
        access: .at(seconds: 0, nanoseconds: 1_000_000_000), modification: .keep)
    }
  }

  @Test func aLinksOwnTimesAreSet() throws {
    let link = try openHostPath(directory.path("link"))
    try link.borrowed.changeTimes(access: .keep, modification: .at(seconds: 9, nanoseconds: 0))
    #expect(try hostStatus(directory.path("link")).modificationSeconds == 9)
    #expect(try hostStatus(directory.path("file")).modificationSeconds > 9)
  }

  @Test func accessIsOfTheFileItself() throws {
    let file = try openHostPath(directory.path("file"))
    try file.borrowed.checkAccess(4)
    #expect(throws: Errno.accessDenied) { try file.borrowed.checkAccess(1) }
  }

  @Test func aFileIsReopenedThroughItsDescriptor() throws {
    let path = try openHostPath(directory.path("file"))
    try hostRename(directory.path("file"), to: directory.path("moved"))
    let file = try DescriptorLinks().reopen(path.borrowed, [.readWrite, .noFollow])
    try file.borrowed.truncate(to: 5)
    #expect(try hostStatus(directory.path("moved")).size == 5)
    let link = try openHostPath(directory.path("link"))
    #expect(throws: Errno.loop) { _ = try DescriptorLinks().reopen(link.borrowed, .readOnly) }
    #expect(throws: Errno.badDescriptor) {
      _ = try DescriptorLinks().reopen(Descriptor(rawValue: -1), .readOnly)
    }
    #expect(throws: Errno.noEntry) {
      _ = try DescriptorLinks().reopen(Descriptor(rawValue: .max), .readOnly)
    }
  }
}
