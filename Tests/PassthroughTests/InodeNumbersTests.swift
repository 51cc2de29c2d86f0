import FuseProtocol
import Linux
import TestSupport
import Testing

@testable import Passthrough

@Suite(needsRoot) struct InodeNumbersTests {
  @Test func theSharesOwnFilesKeepTheHostsNumbers() async throws {
    try await withGuest { guest in
      try hostWrite(guest.path("file"), "")
      let inode = try hostStatus(guest.path("file")).inode
      #expect(try guest.lookup("file").attr.ino == inode)
    }
  }

  @Test func theSameNumberOnAnotherDeviceIsAnotherNumber() {
    let numbers = InodeNumbers(root: DeviceNumber(major: 8, minor: 1))
    let devices = [(0, 40), (0, 41), (8, 2), (8, 17)].map { pair in
      DeviceNumber(major: UInt32(pair.0), minor: UInt32(pair.1))
    }
    let seen = Set(devices.map { numbers.number(2, on: $0) })
    #expect(seen.count == devices.count)
    #expect(!seen.contains(2))
  }

  /// A type that nobody has thought of must not be taken for one that keeps numbers.
  @Test func onlyOfKnownTypesIsANumberAProof() throws {
    let root = try openDirectory("/")
    var status = try root.borrowed.fileSystemStatus()
    func numbers(_ type: UInt64) -> InodeNumberProof {
      status.type = type
      return status.numbers
    }
    #expect(numbers(0xef53) == .native)
    #expect(numbers(0x7371_7368) == .whole)
    #expect(numbers(0x794c_7630) == .unlessLinked)
    // FUSE, BeeGFS, OrangeFS, the folders of VMware and VirtualBox
    for type: UInt64 in [0x6573_5546, 0x1983_0326, 0x2003_0528, 0xbacb_acbc, 0x786f_4256] {
      #expect(numbers(type) == .none)
      #expect(status.isRemote)
    }
    // ramfs, hugetlbfs, and what nobody has
    for type: UInt64 in [0x8584_58f6, 0x958_458f6, 0x1234_5678] {
      #expect(numbers(type) == .none)
      #expect(!status.isRemote)
    }
  }

  /// Else `cp` takes two files for one, and `find` sees loops.
  @Test func directoriesOfAnotherMountListTheNumbersOfTheirFiles() async throws {
    try await withGuest { guest in
      try hostMakeDirectory(guest.path("mount"))
      try guest.run(["mount", "-t", "tmpfs", "none", guest.path("mount")])
      defer { try? guest.run(["umount", "-l", guest.path("mount")]) }
      try hostWrite(guest.path("mount/file"), "")
      let mount = try guest.lookup("mount")
      let file = try guest.lookup("file", in: mount.node)
      #expect(try file.attr.ino != hostStatus(guest.path("mount/file")).inode)
      for plus in [false, true] {
        let handle = try guest.opendir(mount.node)
        let records = try guest.readAll(handle, of: mount.node, plus: plus)
        let record = try #require(records.first { $0.name == "file" })
        #expect(record.ino == file.attr.ino)
      }
    }
  }
}

extension Guest {
  /// Runs a program of the host, which must succeed.
  fileprivate func run(_ arguments: [String]) throws {
    let child = try ChildProcess(arguments, outputPath: path("output"))
    guard child.wait(for: .seconds(20)) == .exited(0) else { throw Errno.inputOutput }
  }
}
