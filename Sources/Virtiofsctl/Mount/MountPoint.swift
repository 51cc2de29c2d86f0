internal import Linux

/// A directory that a share can be mounted on.
struct MountPoint: Equatable, Sendable {
  /// Its absolute path, with every link resolved.
  let path: String

  /// Checks that `path` is a directory, empty unless `allowsEntries`, and no mount already.
  ///
  /// - Throws: What is wrong with it.
  init(_ path: String, allowsEntries: Bool) throws(ToolError) {
    do throws(Errno) {
      let directory = try Descriptor.directory(at: path)
      if try directory.borrowed.isMountRoot() {
        // A mount whose server is gone says so when it is read.
        _ = try Self.hasEntries(directory.borrowed)
        throw .busy
      }
      self.path = try directory.borrowed.currentPath()
      if !allowsEntries, try Self.hasEntries(directory.borrowed) { throw .notEmpty }
    } catch .noEntry {
      throw .failure("\(path) does not exist; make the directory first")
    } catch .notDirectory {
      throw .failure("\(path) is not a directory; a share needs one to be mounted on")
    } catch .busy {
      throw .failure("\(path) is a mount point already; unmount it, or choose another directory")
    } catch .notEmpty {
      throw .failure("\(path) is not empty; choose another directory, or hide it with --nonempty")
    } catch .notConnected {
      throw .failure("\(path) is a mount whose server is gone; unmount it first: umount \(path)")
    } catch {
      throw .failure("cannot use \(path): \(error)")
    }
  }

  private static func hasEntries(_ directory: Descriptor) throws(Errno) -> Bool {
    let file = try directory.open(PathName("."), [.readOnly, .directory])
    var buffer = DirectoryBuffer(byteCount: 4096)
    while try buffer.fill(from: file.borrowed) {
      var entries = buffer.entries
      while let entry = entries.next() {
        if !entry.isSelf, !entry.isParent { return true }
      }
    }
    return false
  }
}

/// A mount of ours, which may be gone or hidden by now.
struct OwnMount: Sendable {
  /// Where it was made.
  let point: MountPoint
  private let made: MountTable.Entry

  /// `/dev/fuse`'s type with the name that guests give it.
  static let type = "fuse.virtiofs"

  /// Mounts what `device` is to serve, and remembers which mount that is.
  ///
  /// - Throws: What is wrong, in the user's words.
  init(
    _ device: Descriptor, source: String, at point: MountPoint, flags: MountFlags
  ) throws(ToolError) {
    // As the driver of virtio-fs has it: the kernel checks permissions, for every user.
    let options =
      "fd=\(device.rawValue),rootmode=40000,user_id=0,group_id=0,default_permissions,"
      + "allow_other,max_read=\(BridgeSlot.mostDataByteCount)"
    do throws(Errno) {
      try FileSystemMounting.mount(
        source: source, at: point.path, type: Self.type, flags: flags, data: options)
    } catch .notPermitted {
      throw .failure(
        "this user may not mount; run as root, or in namespaces of your own: "
          + "unshare --user --map-root-user --mount")
    } catch .noDevice {
      throw .failure("the kernel has no FUSE; load the module: modprobe fuse")
    } catch {
      throw .failure("cannot mount at \(point.path): \(error)")
    }
    do throws(Errno) {
      guard let entry = try MountTable().top(at: point.path), entry.type == Self.type else {
        throw .noEntry
      }
      made = entry
      self.point = point
    } catch {
      // Nobody else can be meant: it was made a moment ago.
      try? FileSystemMounting.unmount(point.path, .detach)
      throw .failure("cannot find the mount in /proc/self/mountinfo: \(error)")
    }
  }

  /// Whether it still has a place: not after it was unmounted, be it lazily.
  var isThere: Bool {
    (try? MountTable())?.entry(of: made) != nil
  }

  /// Takes it away, from wherever it is now.
  ///
  /// - Throws: `EBUSY` if it is in use, or something is mounted on top of it.
  func remove(_ removal: FileSystemMounting.Removal) throws(Errno) {
    let table = try MountTable()
    guard let entry = table.entry(of: made) else { return }
    guard table.top(at: entry.pathText) == entry else { throw .busy }
    try FileSystemMounting.unmount(entry.pathText, removal)
  }

  /// Writes what the kernel has not written yet; sends requests, so somebody has to serve them.
  func synchronize() throws(Errno) {
    let table = try MountTable()
    guard let entry = table.entry(of: made), table.top(at: entry.pathText) == entry else { return }
    let directory = try Descriptor.directory(at: entry.pathText)
    let file = try directory.borrowed.open(PathName("."), [.readOnly, .directory])
    try file.borrowed.synchronizeFileSystem()
  }
}

extension MountTable.Entry {
  /// The path as text, which a path of the user's is.
  fileprivate var pathText: String { String(decoding: path, as: UTF8.self) }
}
