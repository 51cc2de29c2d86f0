import FuseProtocol
import FuseServer
import Linux
import Passthrough
import TestSupport
import Testing

/// Random calls, made by a guest in one directory and by the host in another: both must succeed or
/// fail alike, and leave the same tree.
@Suite(needsRoot) struct PassthroughAgainstHostTests {
  @Test(arguments: FileHandleMode.allCases, [1, 2, 3, 4] as [UInt64])
  func aGuestGetsWhatTheHostGets(mode: FileHandleMode, seed: UInt64) async throws {
    let reference = try TemporaryDirectory("reference")
    try await withGuest({ $0.fileHandles = mode }) { guest in
      var random = SeededRandom(seed: seed)
      let host = HostSide(root: try openHostDirectory(reference.path))
      for step in 0..<600 {
        let call = Call.random(using: &random)
        let onHost = outcome { () throws(Errno) in try host.make(call) }
        let byGuest = outcome { () throws(Errno) in try guest.make(call) }
        try #require(onHost == byGuest, "step \(step) of seed \(seed): \(call)")
        if random.oneIn(8) { guest.view.quiesce() }
      }
      #expect(try tree(guest.directory.path) == tree(reference.path))
    }
  }

  /// What a call fails with; nothing if it does not.
  private func outcome(_ body: () throws(Errno) -> Void) -> Errno? {
    do throws(Errno) {
      try body()
      return nil
    } catch {
      return error
    }
  }
}

/// A call on names below the root, at most two deep.
private enum Call {
  case mkdir([String], UInt32)
  case mknod([String], UInt32)
  case symlink([String], String)
  case link([String], [String])
  case unlink([String])
  case rmdir([String])
  case rename([String], [String], UInt32)
  case write([String], String)
  case truncate([String], UInt64)
  case chmod([String], UInt32)

  static func random(using random: inout SeededRandom) -> Call {
    let modes: [UInt32] = [0o700, 0o755, 0o644, 0o6755, 0o1777, 0]
    let mode = modes[Int.random(in: 0..<modes.count, using: &random)]
    let path = path(using: &random)
    return switch Int.random(in: 0..<12, using: &random) {
    case 0, 1: .mkdir(path, mode)
    case 2: .mknod(path, FileMode.regular | mode)
    case 3: .mknod(path, FileMode.fifo | mode)
    case 4: .symlink(path, ["a", "../b", "/etc", "gone"].randomElement(using: &random) ?? "a")
    case 5: .link(path, Call.path(using: &random))
    case 6: .unlink(path)
    case 7: .rmdir(path)
    case 8, 9: .rename(path, Call.path(using: &random), UInt32.random(in: 0...3, using: &random))
    case 10:
      Bool.random(using: &random)
        ? .write(path, String(repeating: "x", count: Int.random(in: 1...99, using: &random)))
        : .truncate(path, UInt64.random(in: 0...99, using: &random))
    case _: .chmod(path, mode)
    }
  }

  /// Few names, so that they often exist.
  private static func path(using random: inout SeededRandom) -> [String] {
    let names = ["a", "b", "c", "d"]
    let name = names[Int.random(in: 0..<4, using: &random)]
    guard Bool.random(using: &random) else { return [name] }
    return [name, names[Int.random(in: 0..<4, using: &random)]]
  }
}

/// The host's calls, as a program makes them that does not follow links.
private struct HostSide: ~Copyable {
  let root: OwnedDescriptor

  func make(_ call: Call) throws(Errno) {
    switch call {
    case .mkdir(let path, let mode):
      try at(path) { (directory, name) throws(Errno) in
        try directory.makeDirectory(name, mode: mode)
      }
    case .mknod(let path, let mode):
      try at(path) { (directory, name) throws(Errno) in
        try directory.makeNode(name, mode: mode, device: 0)
      }
    case .symlink(let path, let text):
      try at(path) { (directory, name) throws(Errno) in
        try withName(text) { (text) throws(Errno) in
          try directory.makeSymbolicLink(name, to: PathName(text.bytesWithTerminator))
        }
      }
    case .link(let path, let newPath):
      let file = try open(path)
      try at(newPath) { (directory, name) throws(Errno) in
        try directory.link(file.borrowed, as: name)
      }
    case .unlink(let path):
      try at(path) { (directory, name) throws(Errno) in try directory.unlink(name) }
    case .rmdir(let path):
      try at(path) { (directory, name) throws(Errno) in try directory.removeDirectory(name) }
    case .rename(let path, let newPath, let flags):
      try at(path) { (directory, name) throws(Errno) in
        let name = copy name
        try at(newPath) { (newDirectory, newName) throws(Errno) in
          try directory.rename(
            name, to: newName, in: newDirectory, flags: RenameFlags(rawValue: flags))
        }
      }
    case .write(let path, let text):
      let file = try openRegular(path, .writeOnly)
      try hostWrite(text, to: file.borrowed, at: 0)
    case .truncate(let path, let size):
      let file = try openRegular(path, .writeOnly)
      try file.borrowed.truncate(to: size)
    case .chmod(let path, let mode):
      let file = try open(path)
      try file.borrowed.changeMode(to: mode)
    }
  }

  /// Calls `body` with the directory of `path` and the name in it.
  private func at(
    _ path: [String], _ body: (Descriptor, borrowing PathName) throws(Errno) -> Void
  ) throws(Errno) {
    try withName(path[path.count - 1]) { (name) throws(Errno) in
      let name = try PathName(name.bytesWithTerminator)
      guard path.count > 1 else { return try body(root.borrowed, name) }
      let parent = try open([path[0]])
      try body(parent.borrowed, name)
    }
  }

  private func open(_ path: [String]) throws(Errno) -> OwnedDescriptor {
    try withName(path[0]) { (name) throws(Errno) -> OwnedDescriptor in
      let first = try root.borrowed.open(
        PathName(name.bytesWithTerminator), [.path, .noFollow])
      guard path.count > 1 else { return first }
      return try withName(path[1]) { (name) throws(Errno) in
        try first.borrowed.open(PathName(name.bytesWithTerminator), [.path, .noFollow])
      }
    }
  }

  /// Opens what may be written, with the errors that a guest is to get for the rest.
  private func openRegular(
    _ path: [String], _ flags: OpenFlags
  ) throws(Errno) -> OwnedDescriptor {
    let file = try open(path)
    switch try file.borrowed.status().fileType {
    case FileMode.regular: return try DescriptorLinks().reopen(file.borrowed, flags)
    case FileMode.directory: throw .isDirectory
    case FileMode.link: throw .loop
    case _: throw .notSupported
    }
  }
}

extension Guest {
  fileprivate func make(_ call: Call) throws(Errno) {
    switch call {
    case .mkdir(let path, let mode):
      try at(path) { (name, parent) throws(Errno) in
        try mkdir(name, in: parent, mode: mode).node
      }
    case .mknod(let path, let mode):
      try at(path) { (name, parent) throws(Errno) in
        try mknod(name, in: parent, mode: mode).node
      }
    case .symlink(let path, let text):
      try at(path) { (name, parent) throws(Errno) in
        try symlink(name, to: text, in: parent).node
      }
    case .link(let path, let newPath):
      try at(path) { (name, parent) throws(Errno) in
        let file = try lookup(name, in: parent).node
        defer { view.forget(file, lookups: 1) }
        try at(newPath) { (name, parent) throws(Errno) in
          try link(file, as: name, in: parent).node
        }
        return nil
      }
    case .unlink(let path):
      try at(path) { (name, parent) throws(Errno) in
        try unlink(name, in: parent)
        return nil
      }
    case .rmdir(let path):
      try at(path) { (name, parent) throws(Errno) in
        try rmdir(name, in: parent)
        return nil
      }
    case .rename(let path, let newPath, let flags):
      try at(path) { (name, parent) throws(Errno) in
        try at(newPath) { (newName, newParent) throws(Errno) in
          try rename(name, in: parent, to: newName, into: newParent, flags: flags)
          return nil
        }
        return nil
      }
    case .write(let path, let text):
      try open(path) { (handle, node) throws(Errno) in
        let arguments = WriteIn(handle: handle, byteCount: UInt32(text.utf8.count))
        guard case .write(let file, let call) = try view.write(node, arguments) else {
          throw .protocolError
        }
        try hostWrite(text, to: file.descriptor, at: call.offset)
      }
    case .truncate(let path, let size):
      try open(path) { (handle, node) throws(Errno) in
        _ = try setattr(node, SetattrIn(valid: [.size, .handle], handle: handle, size: size))
      }
    case .chmod(let path, let mode):
      try at(path) { (name, parent) throws(Errno) in
        let file = try lookup(name, in: parent).node
        defer { view.forget(file, lookups: 1) }
        _ = try setattr(file, SetattrIn(valid: .mode, mode: mode))
        return nil
      }
    }
  }

  /// Calls `body` with the name at the end of `path` and the node before it, and forgets whatever
  /// has been looked up.
  private func at(
    _ path: [String], _ body: (String, NodeID) throws(Errno) -> NodeID?
  ) throws(Errno) {
    let parent = path.count > 1 ? try lookup(path[0]).node : .root
    defer { if parent != .root { view.forget(parent, lookups: 1) } }
    guard let made = try body(path[path.count - 1], parent) else { return }
    view.forget(made, lookups: 1)
  }

  private func open(
    _ path: [String], _ body: (UInt64, NodeID) throws(Errno) -> Void
  ) throws(Errno) {
    try at(path) { (name, parent) throws(Errno) in
      let file = try lookup(name, in: parent).node
      defer { view.forget(file, lookups: 1) }
      let handle = try open(file, .writeOnly).handle
      try body(handle, file)
      try release(handle)
      return nil
    }
  }
}

/// Everything below `path`: its name, type, mode, links, size, and a link's text.
private func tree(_ path: String) throws -> [String] {
  try hostNames(path).flatMap { name in
    let path = "\(path)/\(name)"
    let status = try hostStatus(path)
    let size = status.type == FileMode.directory ? 0 : status.size
    let text = readSymbolicLink(path) ?? ""
    let line = "\(name) \(String(status.mode, radix: 8)) \(status.links) \(size) \(text)"
    guard status.type == FileMode.directory else { return [line] }
    return [line] + (try tree(path)).map { "\(name)/\($0)" }
  }
}
