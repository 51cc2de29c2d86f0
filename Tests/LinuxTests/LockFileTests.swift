import Linux
import TestSupport
import Testing

@Suite struct LockFileTests {
  private let directory: TemporaryDirectory
  private let place: OwnedDescriptorBox

  /// A directory that is open as long as a test runs.
  private final class OwnedDescriptorBox: Sendable {
    let descriptor: OwnedDescriptor

    init(_ path: String) throws(Errno) {
      descriptor = try Descriptor.directory(at: path)
    }
  }

  init() throws {
    directory = try TemporaryDirectory("lock")
    place = try OwnedDescriptorBox(directory.path)
  }

  @Test func holdsTheProcessNumberWhileItLives() throws {
    let file = try LockFile(named: "a.pid", in: place.descriptor.borrowed)
    let number = try #require(readSymbolicLink("/proc/self"))
    #expect(try hostReadText(directory.path("a.pid")) == "\(number)\n")
    file.remove(from: place.descriptor.borrowed)
    #expect(!hostExists(directory.path("a.pid")))
  }

  @Test func secondLockIsRefusedWithTheOwner() throws {
    let first = try LockFile(named: "a.pid", in: place.descriptor.borrowed)
    let number = try #require(readSymbolicLink("/proc/self").flatMap { Int32($0) })
    #expect(throws: LockFile.Refusal.held(by: number)) {
      let second = try LockFile(named: "a.pid", in: place.descriptor.borrowed)
      second.remove(from: place.descriptor.borrowed)
    }
    #expect(hostExists(directory.path("a.pid")))
    first.remove(from: place.descriptor.borrowed)
  }

  @Test func leftOverFileIsTakenOver() throws {
    try hostWrite(directory.path("a.pid"), "123456789012\n")
    let file = try LockFile(named: "a.pid", in: place.descriptor.borrowed)
    let number = try #require(readSymbolicLink("/proc/self"))
    #expect(try hostReadText(directory.path("a.pid")) == "\(number)\n")
    file.remove(from: place.descriptor.borrowed)
  }

  @Test func linksAreNotFollowed() throws {
    try hostWrite(directory.path("precious"), "text")
    try hostSymbolicLink(directory.path("a.pid"), to: "precious")
    #expect(throws: LockFile.Refusal.failed(.loop)) {
      let file = try LockFile(named: "a.pid", in: place.descriptor.borrowed)
      file.remove(from: place.descriptor.borrowed)
    }
    #expect(try hostReadText(directory.path("precious")) == "text")
  }

  @Test func lockEndsWithItsValue() throws {
    do {
      let first = try LockFile(named: "a.pid", in: place.descriptor.borrowed)
      #expect(hostExists(directory.path("a.pid")))
      _ = consume first
    }
    let second = try LockFile(named: "a.pid", in: place.descriptor.borrowed)
    second.remove(from: place.descriptor.borrowed)
  }
}
