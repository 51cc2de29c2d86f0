import FuseProtocol
import Frontend
import Linux
import TestSupport
import Testing

/// What the host removes, replaces and renames while a guest knows it: the right errno, a fresh
/// LOOKUP finds the new file, and the old node stays dead.
@Suite(.serialized) struct HostChangeTests {
  private static let stale = FrontEndError.reply(.stale)
  private static let noEntry = FrontEndError.reply(.noEntry)

  /// A share on an ext4 file system, which uses inode numbers again at once.
  private final class ChangingShare {
    let client: FuseClient
    /// Holds `share`, with a directory `d`, and `outside`.
    let path: String
    private let disk: MountedFileSystem
    private let share: SharedMounts

    init(pinLimit: Int) throws {
      disk = try MountedFileSystem(.ext4)
      path = disk.path
      for name in ["share", "share/d", "outside"] { try hostMakeDirectory("\(path)/\(name)") }
      share = try SharedMounts(
        ["--shared-dir=\(path)/share", "--pin-limit=\(pinLimit)"]
      ) { _ in }
      client = try share.makeClient()
    }
  }

  /// Without a pin the old file is gone; with one it lives as long as the guest knows it.
  @Test(arguments: [0, 100])
  func aRemovedFileAndOneWithItsNameAndNumber(_ pinLimit: Int) throws {
    let disk = try ChangingShare(pinLimit: pinLimit)
    let client = disk.client
    let path = "\(disk.path)/share/f"
    var old: [(node: NodeID, text: String)] = []
    var numbers: Set<UInt64> = []
    for number in 0..<8 {
      try hostWrite(path, "\(number)")
      numbers.insert(try hostStatus(path).inode)
      let node = try client.lookup("f").node
      #expect(!old.contains { $0.node == node })
      #expect(try client.contents(node) == "\(number)")
      old.append((node, "\(number)"))
      try hostRemove(path)
      #expect(throws: Self.noEntry) { try client.lookup("f") }
      for (node, text) in old {
        if pinLimit == 0 {
          #expect(throws: Self.stale) { try client.getattr(node) }
          #expect(throws: Self.stale) { try client.open(node) }
        } else {
          #expect(try client.getattr(node).linkCount == 0)
          #expect(try client.contents(node) == text)
        }
      }
    }
    #expect(pinLimit == 0 ? numbers.count < 8 : numbers.count == 8, "\(numbers)")
  }

  @Test(arguments: [0, 100])
  func aFileReplacedByRename(_ pinLimit: Int) throws {
    let disk = try ChangingShare(pinLimit: pinLimit)
    let client = disk.client
    let path = "\(disk.path)/share/f"
    try hostWrite(path, "old")
    let old = try client.lookup("f").node
    try hostWrite("\(path).new", "new")
    try hostRename("\(path).new", to: path)
    let new = try client.lookup("f").node
    #expect(new != old)
    #expect(try client.contents(new) == "new")
    #expect((try? client.contents(old)) != "new")
    // Changed places: each node goes with its file.
    try hostWrite("\(path).other", "other")
    let other = try client.lookup("f.other").node
    try hostExchange(path, "\(path).other")
    #expect(try client.lookup("f").node == other)
    #expect(try client.lookup("f.other").node == new)
    #expect(try client.contents(other) == "other")
  }

  /// Out of the share a file is what it was to who knows it, as with a descriptor, and the same
  /// node when it comes back; what comes in is found.
  @Test(arguments: [0, 100])
  func filesMovedOutAndIn(_ pinLimit: Int) throws {
    let disk = try ChangingShare(pinLimit: pinLimit)
    let client = disk.client
    let path = "\(disk.path)/share/d/f"
    try hostWrite(path, "text")
    let directory = try client.lookup("d").node
    let node = try client.lookup("f", in: directory).node
    try hostRename(path, to: "\(disk.path)/outside/f")
    #expect(throws: Self.noEntry) { try client.lookup("f", in: directory) }
    #expect(try client.contents(node) == "text")
    try hostRename("\(disk.path)/outside/f", to: "\(disk.path)/share/back")
    #expect(try client.lookup("back").node == node)
    try hostRename("\(disk.path)/share/d", to: "\(disk.path)/share/e")
    #expect(try client.lookup("e").node == directory)
    #expect(throws: Self.noEntry) { try client.lookup("d") }
  }

  /// A directory in whose place the host puts a link: the link is what is found, and not followed.
  @Test(arguments: [0, 100])
  func aDirectoryReplacedByALinkOutOfTheShare(_ pinLimit: Int) throws {
    let disk = try ChangingShare(pinLimit: pinLimit)
    let client = disk.client
    try hostWrite("\(disk.path)/outside/secret", "secret")
    let directory = try client.lookup("d").node
    try hostRename("\(disk.path)/share/d", to: "\(disk.path)/share/e")
    try hostSymbolicLink("\(disk.path)/share/d", to: "\(disk.path)/outside")
    #expect(try client.lookup("d").attr.mode & 0o170000 == 0o120000)
    #expect(throws: Self.noEntry) { try client.lookup("secret", in: directory) }
    try hostRemove("\(disk.path)/share/e")
    let expected = pinLimit == 0 ? Self.stale : Self.noEntry
    #expect(throws: expected) { try client.lookup("f", in: directory) }
  }
}
