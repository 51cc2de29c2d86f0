internal import CLinux

/// A lock that threads take by turns, `pthread_mutex_t`.
///
/// Not `Synchronization.Mutex`: that one asks for its thread's number each time, which costs three
/// times as much, and ThreadSanitizer does not know it, so that everything which it guards would
/// look like a race.
@safe
package struct ThreadLock: ~Copyable, Sendable {
  // SAFETY: a mutex is made for use by many threads, through its functions only.
  private nonisolated(unsafe) let mutex: UnsafeMutablePointer<pthread_mutex_t>

  /// A lock that nobody holds.
  package init() {
    // A cache line of its own: neighbours are taken by other threads.
    // SAFETY: a mutex has 40 bytes and no greater alignment; freed in `deinit` only.
    unsafe mutex = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64)
      .bindMemory(to: pthread_mutex_t.self, capacity: 1)
    unsafe pthread_mutex_init(mutex, nil)
  }

  deinit {
    // SAFETY: the owner is gone, so nobody holds the lock or waits for it.
    unsafe pthread_mutex_destroy(mutex)
    unsafe mutex.deallocate()
  }

  /// Waits until the lock is the calling thread's, which must not have it already.
  package borrowing func lock() {
    // SAFETY: initialised; a lock of the usual kind cannot fail but by the caller's mistake.
    _ = unsafe pthread_mutex_lock(mutex)
  }

  /// Takes the lock if nobody has it.
  ///
  /// - Returns: Whether it is the calling thread's now.
  package borrowing func lockIfAvailable() -> Bool {
    // SAFETY: as in `lock`.
    unsafe pthread_mutex_trylock(mutex) == 0
  }

  /// Gives back the lock that the calling thread has.
  package borrowing func unlock() {
    // SAFETY: as in `lock`.
    _ = unsafe pthread_mutex_unlock(mutex)
  }
}

/// A value that one thread at a time uses.
@safe
package struct Lock<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
  // SAFETY: for `@unchecked Sendable`: the value is reached while the lock is held, and else by
  // `init` and `deinit`.
  private let lock = ThreadLock()
  private let value: UnsafeMutablePointer<Value>

  /// Guards `value`.
  package init(_ value: consuming Value) {
    // SAFETY: one is allocated, and initialised at once; freed in `deinit` only.
    unsafe self.value = .allocate(capacity: 1)
    unsafe self.value.initialize(to: value)
  }

  deinit {
    // SAFETY: the owner is gone, so nobody uses the value.
    unsafe value.deinitialize(count: 1)
    unsafe value.deallocate()
  }

  /// Calls `body` with the value, which no other thread uses meanwhile.
  @inline(__always)
  package borrowing func withLock<R: ~Copyable, E: Error>(
    _ body: (inout Value) throws(E) -> R
  ) throws(E) -> R {
    lock.lock()
    defer { lock.unlock() }
    // SAFETY: initialised, and this thread's as long as it holds the lock.
    return try unsafe body(&value.pointee)
  }

  /// Calls `body` unless another thread uses the value.
  package borrowing func withLockIfAvailable<R, E: Error>(
    _ body: (inout Value) throws(E) -> R
  ) throws(E) -> R? {
    guard lock.lockIfAvailable() else { return nil }
    defer { lock.unlock() }
    // SAFETY: as in `withLock`.
    return try unsafe body(&value.pointee)
  }
}
