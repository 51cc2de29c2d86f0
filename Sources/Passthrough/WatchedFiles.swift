internal import Linux
internal import Synchronization

/// Handles for files that have none, and whose inode number is not their own: the numbers of
/// inotify watches.
///
/// Such a handle does not open a file, which therefore needs a pin as well. But it is the file's
/// as long as somebody holds it here, whatever happens to its names and its number.
final class WatchedFiles: Sendable {
  private let state: Lock<Watches>
  /// How many files may be watched.
  private let limit: Int
  /// Whether some file could not be watched.
  private let isIncomplete = Atomic(false)

  /// - Parameter limit: How many files may be watched: the user's watches are not ours alone.
  init(limit: Int) {
    self.limit = limit
    state = Lock(Watches())
  }

  /// Whether every file could be watched so far.
  var isComplete: Bool { !isIncomplete.load(ordering: .relaxed) }

  /// The handle of `file`, held until `release`; nil where there are no watches, or none is left.
  ///
  /// - Throws: What says nothing about that: an answer without the watch might be another node.
  func hold(_ file: Descriptor, _ links: borrowing DescriptorLinks) throws(Errno) -> FileHandle? {
    do throws(Errno) {
      return FileHandle(watch: try number(of: file, links))
    } catch {
      guard error.meansNoWatch else { throw error }
      isIncomplete.store(true, ordering: .relaxed)
      return nil
    }
  }

  /// The number of the file's watch, counted once more.
  ///
  /// The file is looked at without the lock, for its file system may take long to answer. Meanwhile
  /// the number may have been another's, who gave it back: who meets a number that nobody counts
  /// asks again if any was removed since. The last time nobody can.
  private func number(
    of file: Descriptor, _ links: borrowing DescriptorLinks
  ) throws(Errno) -> Int32 {
    for _ in 0..<4 {
      let (instance, removals) = try state.withLock { (state) throws(Errno) in
        (try state.open(links), state.removals)
      }
      let number = try instance.add(file, links)
      let isCounted = try state.withLock { (state) throws(Errno) in
        guard state.users[number] != nil || state.removals == removals else { return false }
        try state.count(number, of: instance, limit)
        return true
      }
      if isCounted { return number }
    }
    return try state.withLock { (state) throws(Errno) in
      let instance = try state.open(links)
      let number = try instance.add(file, links)
      try state.count(number, of: instance, limit)
      return number
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
    state.withLock { $0.release(number) }
  }
}

/// The instance, and who holds what of it.
private struct Watches: ~Copyable {
  private var instance: InodeWatches?
  /// Why there is no instance: nothing is tried again that needs a right or a user's quota.
  private var refusal: Errno?
  /// How many hold each number.
  var users: [Int32: Int] = [:]
  /// How many watches were removed.
  private(set) var removals: UInt64 = 0

  /// The instance, which is made if there is none.
  mutating func open(_ links: borrowing DescriptorLinks) throws(Errno) -> InodeWatches {
    if let instance { return instance }
    if let refusal { throw refusal }
    do throws(Errno) {
      let instance = try InodeWatches(links)
      self.instance = instance
      return instance
    } catch {
      if error.meansNoWatch { refusal = error }
      throw error
    }
  }

  /// Counts a number that is a watch's now.
  ///
  /// - Throws: `ENOSPC` if it would be one more than `limit`; the watch is removed.
  mutating func count(_ number: Int32, of instance: InodeWatches, _ limit: Int) throws(Errno) {
    guard users[number] != nil || users.count < limit else {
      remove(number, of: instance)
      throw .noSpace
    }
    users[number, default: 0] += 1
  }

  mutating func release(_ number: Int32) {
    guard let count = users[number] else { return }
    users[number] = count > 1 ? count - 1 : nil
    guard count == 1 else { return }
    if let instance { remove(number, of: instance) }
    // A dictionary keeps the room that it had once.
    if users.isEmpty { users = [:] }
  }

  private mutating func remove(_ number: Int32, of instance: InodeWatches) {
    instance.remove(number)
    removals &+= 1
  }
}

extension Errno {
  /// Whether a file that could not be watched is one that cannot: the user's watches or instances
  /// are used up, a right is missing, or the kernel has none.
  fileprivate var meansNoWatch: Bool {
    switch self {
    case .noSpace, .tooManyOpenFiles, .accessDenied, .notPermitted, .notImplemented: true
    default: false
    }
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
}
