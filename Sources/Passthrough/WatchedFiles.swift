internal import Linux
internal import Synchronization

/// Handles for files that have none, and whose inode number is not their own: the numbers of
/// inotify watches.
///
/// Such a handle does not open a file, which therefore needs a pin as well. But it is the file's
/// as long as somebody holds it here, whatever happens to its names and its number.
final class WatchedFiles: Sendable {
  private let state = Lock(Watches())
  /// Whether some file could not be watched.
  private let isIncomplete = Atomic(false)

  /// Whether every file could be watched so far.
  var isComplete: Bool { !isIncomplete.load(ordering: .relaxed) }

  /// The handle of `file`, held until `release`; nil where there are no watches, or none is left.
  ///
  /// - Throws: `ENOMEM`.
  func hold(_ file: Descriptor, _ links: borrowing DescriptorLinks) throws(Errno) -> FileHandle? {
    // The call takes the instance's own lock in the kernel, and waits for no disk: one lock more
    // loses nothing. Under it, for nobody may remove the watch before it is counted.
    do throws(Errno) {
      return try state.withLock { (state) throws(Errno) in
        guard let number = try state.add(file, links) else { return nil }
        state.users[number, default: 0] += 1
        return FileHandle(watch: number)
      }
    } catch {
      guard error != .noMemory else { throw error }
      isIncomplete.store(true, ordering: .relaxed)
      return nil
    }
  }

  /// Whether `handle`, which is held, is that of `file`.
  func isHandle(
    _ handle: FileHandle, of file: Descriptor, _ links: borrowing DescriptorLinks
  ) throws(Errno) -> Bool {
    guard let other = try hold(file, links) else { return false }
    defer { release(other) }
    return other == handle
  }

  /// Holds once more a handle that is held; others than watches are ignored, here and below.
  func retain(_ handle: FileHandle) {
    guard let number = handle.watch else { return }
    state.withLock { $0.users[number, default: 0] += 1 }
  }

  /// Takes back one `hold` or `retain`.
  func release(_ handle: FileHandle) {
    guard let number = handle.watch else { return }
    state.withLock { state in
      guard let users = state.users[number] else { return }
      state.users[number] = users > 1 ? users - 1 : nil
      guard users == 1 else { return }
      state.instance?.remove(number)
      // A dictionary keeps the room that it had once.
      if state.users.isEmpty { state.users = [:] }
    }
  }
}

/// The instance, and who holds what of it.
private struct Watches: ~Copyable {
  var instance: InodeWatches?
  /// Nothing is tried again that needs a right or a user's quota.
  var isRefused = false
  /// How many hold each number.
  var users: [Int32: Int] = [:]

  /// The number of the file's watch.
  mutating func add(
    _ file: Descriptor, _ links: borrowing DescriptorLinks
  ) throws(Errno) -> Int32? {
    guard !isRefused else { throw .notSupported }
    if instance == nil {
      do throws(Errno) {
        instance = try InodeWatches(links)
      } catch {
        isRefused = error != .noMemory
        throw error
      }
    }
    return try instance?.add(file, links)
  }
}

extension FileHandle {
  /// The type that the kernel gives no handle.
  static let watchType: Int32 = 0xff

  /// The handle made of a watch's number.
  fileprivate init(watch: Int32) {
    var words = [16 of UInt64](repeating: 0)
    words[0] = UInt64(UInt32(bitPattern: watch))
    self.init(type: Self.watchType, byteCount: 4, words: words)
  }

  /// The watch's number, if this is no file system's handle.
  var watch: Int32? {
    type == Self.watchType ? Int32(truncatingIfNeeded: words[0]) : nil
  }

  /// Whether the file can be opened by it.
  var opensFile: Bool { type != Self.watchType }
}
