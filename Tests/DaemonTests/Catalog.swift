import Frontend
import FuseProtocol
import Linux
import TestSupport

/// What requests of a test may name: a directory, a file and open handles of both.
struct Objects: Sendable {
  var directory: NodeID
  var file: NodeID
  var link: NodeID
  var fileHandle: UInt64
  var directoryHandle: UInt64

  /// Makes them if they are not there, and opens them.
  init(_ client: FuseClient) throws {
    directory = try Self.made(client, "directory") { try client.mkdir("directory") }.node
    link = try Self.made(client, "link") { try client.symlink("link", target: "file") }.node
    let created = try client.create("file")
    file = created.entry.node
    fileHandle = created.open.handle
    directoryHandle = try client.opendir(directory).handle
  }

  private static func made(
    _ client: FuseClient, _ name: NameBytes, _ make: () throws -> EntryOut
  ) throws -> EntryOut {
    do {
      return try client.lookup(name)
    } catch FrontEndError.reply(.noEntry) {
      return try make()
    }
  }

  /// An honest request of each operation that has arguments or a reply; not INIT and DESTROY.
  var requests: [FuseRequest] {
    [
      .lookup("file"),
      .getattr(file, GetattrIn(flags: .handle, handle: fileHandle)),
      .setattr(file, SetattrIn(valid: .mtime, mtime: 5)),
      .readlink(link),
      .symlink("new link", target: "somewhere", in: directory),
      .mknod(MknodIn(mode: 0o100644), "new node", in: directory),
      .mkdir(MkdirIn(mode: 0o755), "new directory", in: directory),
      .unlink("new node", in: directory),
      .rmdir("new directory", in: directory),
      .rename("new link", in: directory, to: "old link", under: directory),
      .rename2("old link", in: directory, to: "new link", under: directory, flags: 1),
      .link(file, as: "hard link", in: directory),
      .open(file, flags: 2),
      .read(file, handle: fileHandle, offset: 0, byteCount: 512),
      .write(file, handle: fileHandle, offset: 0, bytes: [1, 2, 3, 4, 5, 6, 7, 8, 9]),
      .statfs(),
      .fsync(file, handle: fileHandle),
      .setxattr(file, "user.name", [1, 2, 3]),
      .getxattr(file, "user.name", byteCount: 100),
      .listxattr(file, byteCount: 100),
      .removexattr(file, "user.name"),
      .flush(file, handle: fileHandle),
      .opendir(directory),
      .readdir(directory, handle: directoryHandle, byteCount: 512),
      .readdirplus(directory, handle: directoryHandle, byteCount: 1024),
      .fsyncdir(directory, handle: directoryHandle),
      .access(file, mask: 4),
      .create(CreateIn(flags: 0o102, mode: 0o100644), "created", in: directory),
      .tmpfile(CreateIn(flags: 0o2, mode: 0o100644), in: directory),
      .fallocate(file, FallocateIn(handle: fileHandle, byteCount: 100)),
      .lseek(file, LseekIn(handle: fileHandle, whence: 3)),
      .copyFileRange(
        file,
        CopyFileRangeIn(
          sourceHandle: fileHandle, destinationNode: file, destinationHandle: fileHandle,
          destinationOffset: 4096, byteCount: 9)),
      .syncfs(),
    ]
  }
}

extension RequestQueue {
  /// Sends all of `requests`, as many at a time as the ring takes, and returns their replies in
  /// the same order.
  func replies(to requests: [FuseRequest]) throws -> [FuseReply] {
    var tickets: [UInt64] = []
    var replies: [UInt64: FuseReply] = [:]
    for request in requests {
      while inFlightCount >= Int(ring.memory.size) / 4 {
        flush()
        let reply = try collectAny()
        replies[reply.ticket] = reply
      }
      tickets.append(try submit(request))
    }
    flush()
    while inFlightCount > 0 {
      let reply = try collectAny()
      replies[reply.ticket] = reply
    }
    return tickets.compactMap { replies[$0] }
  }
}
