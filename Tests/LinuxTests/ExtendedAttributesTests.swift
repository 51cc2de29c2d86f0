import Linux
import Synchronization
import TestSupport
import Testing

/// Both routes, whichever the kernel of this machine would take: the older one works on all.
@Suite(.serialized) struct ExtendedAttributesTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory("xattr")
    try hostWrite(directory.path("file"), "")
    try hostMakeDirectory(directory.path("dir"))
    try hostSymbolicLink(directory.path("link"), to: "file")
  }

  private static var routes: [ExtendedAttributeRoute] {
    switch ExtendedAttributeRoute.available {
    case .relative: [.relative, .currentDirectory]
    case .currentDirectory: [.currentDirectory]
    }
  }

  @Test(.enabled(if: isRoot, "trusted attributes take root"), arguments: ["file", "dir", "link"])
  func setsReadsListsAndRemovesOnEveryTypeOfFile(name: String) throws {
    // user.* exists on files and directories only; trusted.* takes root.

    for route in Self.routes {
      let path = directory.path(name)
      try onThread {
        try ThreadIdentity.separateFileSystemState()
        let links = try DescriptorLinks()
        let file = try openHostPath(path)
        try set("trusted.one", [1, 2, 0, 255], of: file, links, route)
        try set("trusted.two", [], of: file, links, route)
        #expect(hostExtendedAttribute(path, "trusted.one") == [1, 2, 0, 255])
        #expect(try get("trusted.one", of: file, links, route) == [1, 2, 0, 255])
        #expect(try get("trusted.two", of: file, links, route) == [])
        #expect(try list(of: file, links, route).sorted() == ["trusted.one", "trusted.two"])
        for name in ["trusted.one", "trusted.two"] {
          try withPathName(name) { (name) throws(Errno) in
            try links.removeAttribute(name, of: file.borrowed, route: route)
          }
        }
        #expect(try list(of: file, links, route).isEmpty)
      }
    }
    #expect(hostExtendedAttribute(directory.path("file"), "trusted.one") == nil)
  }

  @Test func honoursCreateAndReplace() throws {
    for route in Self.routes {
      let path = directory.path("file")
      try onThread {
        try ThreadIdentity.separateFileSystemState()
        let links = try DescriptorLinks()
        let file = try openHostPath(path)
        #expect(throws: Errno.noData) {
          try set("user.a", [1], of: file, links, route, flags: 2)
        }
        try set("user.a", [1], of: file, links, route, flags: 1)
        #expect(throws: Errno.exists) {
          try set("user.a", [1], of: file, links, route, flags: 1)
        }
        try set("user.a", [3, 4], of: file, links, route, flags: 2)
        #expect(try get("user.a", of: file, links, route) == [3, 4])
        try withPathName("user.a") { (name) throws(Errno) in
          try links.removeAttribute(name, of: file.borrowed, route: route)
        }
      }
    }
  }

  @Test func saysWhatIsMissingAndWhatDoesNotFit() throws {
    for route in Self.routes {
      let path = directory.path("file")
      try onThread {
        try ThreadIdentity.separateFileSystemState()
        let links = try DescriptorLinks()
        let file = try openHostPath(path)
        try set("user.long", [UInt8](repeating: 7, count: 100), of: file, links, route)
        #expect(throws: Errno.noData) { try get("user.none", of: file, links, route) }
        #expect(throws: Errno.outOfRange) {
          try get("user.long", of: file, links, route, capacity: 99)
        }
        #expect(throws: Errno.outOfRange) {
          try get("user.long", of: file, links, route, capacity: 0)
        }
        #expect(throws: Errno.outOfRange) { try list(of: file, links, route, capacity: 9) }
        #expect(try get("user.long", of: file, links, route, capacity: 100).count == 100)
        let lengths = try withPathName("user.long") { (name) throws(Errno) in
          (
            try links.attributeByteCount(name, of: file.borrowed, route: route),
            try links.attributeListByteCount(of: file.borrowed, route: route)
          )
        }
        #expect(lengths == (100, "user.long".utf8.count + 1))
      }
    }
  }

  @Test func theOlderRouteMovesNoOtherThread() throws {
    let before = readSymbolicLink("/proc/self/cwd")
    let path = directory.path("file")
    let inside = try onThread {
      try ThreadIdentity.separateFileSystemState()
      let links = try DescriptorLinks()
      let file = try openHostPath(path)
      _ = try list(of: file, links, .currentDirectory)
      return readSymbolicLink("/proc/thread-self/cwd")
    }
    #expect(inside?.hasSuffix("/fd") == true)
    #expect(readSymbolicLink("/proc/self/cwd") == before)
  }
}

private func set(
  _ name: String, _ value: [UInt8], of file: borrowing OwnedDescriptor,
  _ links: borrowing DescriptorLinks, _ route: ExtendedAttributeRoute, flags: Int32 = 0
) throws(Errno) {
  try withPathName(name) { (name) throws(Errno) in
    // SAFETY: bytes have no padding.
    let bytes = unsafe value.span.bytes
    try links.setAttribute(name, of: file.borrowed, to: bytes, flags: flags, route: route)
  }
}

@discardableResult
private func get(
  _ name: String, of file: borrowing OwnedDescriptor, _ links: borrowing DescriptorLinks,
  _ route: ExtendedAttributeRoute, capacity: Int = 1000
) throws(Errno) -> [UInt8] {
  try output(capacity: capacity) { (output) throws(Errno) in
    // A path name cannot cross a closure with `inout`, so it is made here.
    let bytes = Array(name.utf8) + [0]
    // SAFETY: bytes have no padding.
    let name = try unsafe PathName(bytes.span.bytes)
    try links.readAttribute(name, of: file.borrowed, into: &output, route: route)
  }
}

@discardableResult
private func list(
  of file: borrowing OwnedDescriptor, _ links: borrowing DescriptorLinks,
  _ route: ExtendedAttributeRoute, capacity: Int = 1000
) throws(Errno) -> [String] {
  let bytes = try output(capacity: capacity) { (output) throws(Errno) in
    try links.listAttributes(of: file.borrowed, into: &output, route: route)
  }
  return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
}

/// The bytes that `body` appends to an output of `capacity` bytes.
private func output(
  capacity: Int, _ body: (inout OutputRawSpan) throws(Errno) -> Void
) throws(Errno) -> [UInt8] {
  // SAFETY: the memory outlives the span, whose initialised bytes alone are copied out.
  let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(capacity, 1), alignment: 1)
  defer { unsafe memory.deallocate() }
  let space = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[..<capacity])
  var output = unsafe OutputRawSpan(buffer: space, initializedCount: 0)
  try body(&output)
  let count = output.byteCount
  return unsafe Array(memory[..<count])
}
