import Linux
import TestSupport
import Testing

private let hasHandles: Bool = {
  guard let directory = try? TemporaryDirectory("probe"),
    let root = try? openHostDirectory(directory.path),
    let handle = try? root.borrowed.handle().handle
  else { return false }
  return (try? root.borrowed.open(handle, .path).borrowed) != nil
}()

@Suite(.enabled(if: hasHandles, "temporary directories have no file handles that can be opened"))
final class FileHandleTests {
  private let directory: TemporaryDirectory
  private let root: OwnedDescriptor

  init() throws {
    directory = try TemporaryDirectory("handle")
    try hostWrite(directory.path("a"), "text")
    try hostLink(directory.path("a"), as: directory.path("b"))
    try hostWrite(directory.path("c"), "other")
    try hostSymbolicLink(directory.path("link"), to: "a")
    root = try openHostDirectory(directory.path)
  }

  @Test func aHandleIsTheFilesWhateverItsName() throws {
    let handle = try root.borrowed.handle(of: PathName("a"))
    #expect(try root.borrowed.handle(of: PathName("b")).handle == handle.handle)
    #expect(try root.borrowed.handle(of: PathName("c")).handle != handle.handle)
    #expect(try root.borrowed.handle(of: PathName("link")).handle != handle.handle)
    let file = try openHostPath(directory.path("a"))
    #expect(try file.borrowed.handle().handle == handle.handle)
    #expect(try file.borrowed.handle().mountID == handle.mountID)
    try hostRename(directory.path("a"), to: directory.path("d"))
    #expect(try root.borrowed.handle(of: PathName("d")).handle == handle.handle)
  }

  @Test func aHandleKeptInPartsOpensItsFile() throws {
    let handle = try root.borrowed.handle(of: PathName("a")).handle
    let copy = FileHandle(type: handle.type, byteCount: handle.byteCount, words: handle.words)
    #expect(copy == handle)
    let file = try root.borrowed.open(copy, .readOnly)
    #expect(try file.borrowed.status().inode == hostStatus(directory.path("b")).inode)
    #expect(try hostReadText("/proc/self/fd/\(file.borrowed.rawValue)") == "text")
  }

  @Test func aHandleOfAFileThatIsGoneIsStale() throws {
    let handle = try root.borrowed.handle(of: PathName("c")).handle
    try hostRemove(directory.path("c"))
    // A child that another test starts has our descriptors until it runs its program.
    #expect(waitUntil(.seconds(10)) { (try? root.borrowed.open(handle, .path).borrowed) == nil })
    #expect(throws: Errno.stale) { try root.borrowed.open(handle, .path).borrowed }
  }

  @Test func mountIDsAreThoseOfStatus() throws {
    let status = try root.borrowed.status()
    if status.isMountIDUnique {
      do {
        let handle = try root.borrowed.handle(of: PathName("a"), mountIDs: .unique)
        #expect(handle.mountID == status.mountID)
      } catch {
        #expect(error == .invalidArgument)
      }
    } else if status.mountID != 0 {
      #expect(try root.borrowed.handle().mountID == status.mountID)
    }
  }

  @Test func whereThereAreNoneMakingOneIsNotSupported() throws {
    let root = try openHostDirectory("/proc/sys")
    #expect(throws: Errno.notSupported) { try root.borrowed.handle() }
  }

  @Test func handlesThatAreNotAreRefused() throws {
    let words = [16 of UInt64](repeating: .max)
    for byteCount in [-1, 0, 1, 8, 128, 1000] {
      let handle = FileHandle(type: 1, byteCount: byteCount, words: words)
      #expect(handle.byteCount == min(max(byteCount, 0), 128))
      #expect(throws: (any Error).self) { try root.borrowed.open(handle, .path).borrowed }
    }
  }
}
