internal import CLinux
internal import CUring

/// An io_uring: a queue of calls to the kernel and a queue of their results.
///
/// Made, used and destroyed by one thread (`IORING_SETUP_SINGLE_ISSUER`). Completions are told
/// apart by the `tag` that each call is given.
@safe
final class Ring {
  private let ring: UnsafeMutablePointer<io_uring>

  /// How many calls fit between two submissions.
  private static let submissionEntries: UInt32 = 256
  /// How many completions fit; more stay in the kernel until there is room.
  private static let completionEntries: UInt32 = 4096

  /// The most threads that the kernel may start for calls that it cannot make without waiting, of
  /// each of its two kinds: files and all the rest. Each ring has its own.
  private static let mostKernelThreads: UInt32 = 8

  /// Makes a ring with what this kernel has: deferred task work (6.1), else cooperative (5.19),
  /// else a plain one.
  ///
  /// - Throws: `ENOSYS`, `EPERM` or `EACCES` where io_uring is refused.
  init() throws(Errno) {
    // With the flag `hasNews` knows without a call whether entering the ring is worth it.
    let flag = UInt32(IORING_SETUP_TASKRUN_FLAG)
    let single = UInt32(IORING_SETUP_SINGLE_ISSUER) | UInt32(IORING_SETUP_DEFER_TASKRUN)
    let ladder = [single | flag, UInt32(IORING_SETUP_COOP_TASKRUN) | flag, 0]
    // SAFETY: freed in deinit, or here when no ring could be made.
    unsafe ring = .allocate(capacity: 1)
    unsafe ring.initialize(to: io_uring())
    var failure = Errno.notImplemented
    for flags in ladder {
      var parameters = io_uring_params()
      parameters.flags = flags | UInt32(IORING_SETUP_CQSIZE)
      parameters.cq_entries = Self.completionEntries
      // SAFETY: `ring` is allocated, `parameters` lives through the call.
      let result = unsafe io_uring_queue_init_params(Self.submissionEntries, ring, &parameters)
      if result == 0 {
        // From 5.13 on, as polls that fire more than once are; what has neither is too old.
        if parameters.features & UInt32(IORING_FEAT_RSRC_TAGS) != 0 {
          tune()
          return
        }
        // SAFETY: just made, and nobody has used it.
        unsafe io_uring_queue_exit(ring)
        break
      }
      failure = Errno(rawValue: -result)
      guard failure == .invalidArgument else { break }
    }
    // SAFETY: queue_init_params failed, so the structure holds nothing.
    unsafe ring.deallocate()
    throw failure
  }

  /// Makes the ring cheaper and its kernel threads few; kernels that cannot are served as well.
  private func tune() {
    // Entering by a registered number spares the kernel a look at the table of descriptors.
    // SAFETY: the ring has just been made, by the thread that will use it.
    _ = unsafe io_uring_register_ring_fd(ring)
    var most = [Self.mostKernelThreads, Self.mostKernelThreads]
    // SAFETY: the call reads and stores the array's two numbers.
    _ = unsafe io_uring_register_iowq_max_workers(ring, &most)
  }

  deinit {
    // SAFETY: initialised by `init`; the owner saw to it that no call is in flight.
    unsafe io_uring_queue_exit(ring)
    unsafe ring.deallocate()
  }

  // MARK: Calls; each returns false if the kernel takes no more at the moment

  /// Reads at `offset` into `vectors`, which must stay as they are until the completion.
  func read(
    _ descriptor: Descriptor, into vectors: borrowing IOVectors, at offset: UInt64, tag: UInt64
  ) -> Bool {
    unsafe prepare(tag) { entry in
      // SAFETY: the slot that owns `vectors` keeps them until its completion.
      unsafe vectors.withVectors { list, count in
        unsafe io_uring_prep_readv(entry, descriptor.rawValue, list, count, offset)
      }
    }
  }

  /// Writes `vectors` at `offset` with `RWF_*` flags; as for `read`.
  func write(
    _ descriptor: Descriptor, _ vectors: borrowing IOVectors, at offset: UInt64, flags: Int32,
    tag: UInt64
  ) -> Bool {
    unsafe prepare(tag) { entry in
      // SAFETY: as in `read`.
      unsafe vectors.withVectors { list, count in
        unsafe io_uring_prep_writev2(entry, descriptor.rawValue, list, count, offset, flags)
      }
    }
  }

  /// fsync(2), or fdatasync(2).
  func sync(_ descriptor: Descriptor, dataOnly: Bool, tag: UInt64) -> Bool {
    unsafe prepare(tag) { entry in
      // SAFETY: the entry is the kernel's next free one.
      unsafe io_uring_prep_fsync(
        entry, descriptor.rawValue, dataOnly ? UInt32(IORING_FSYNC_DATASYNC) : 0)
    }
  }

  /// fallocate(2).
  func allocate(
    _ descriptor: Descriptor, mode: Int32, offset: UInt64, byteCount: UInt64, tag: UInt64
  ) -> Bool {
    unsafe prepare(tag) { entry in
      // SAFETY: the entry is the kernel's next free one.
      unsafe io_uring_prep_fallocate(
        entry, descriptor.rawValue, mode, off_t(truncatingIfNeeded: offset),
        off_t(truncatingIfNeeded: byteCount))
    }
  }

  /// Completes each time `descriptor` becomes readable, until cancelled.
  func poll(_ descriptor: Descriptor, tag: UInt64) -> Bool {
    unsafe prepare(tag) { entry in
      // SAFETY: the entry is the kernel's next free one.
      unsafe io_uring_prep_poll_multishot(entry, descriptor.rawValue, UInt32(POLLIN))
    }
  }

  /// Ends the poll that was given `tag`.
  func cancelPoll(tag: UInt64, cancelTag: UInt64) -> Bool {
    unsafe prepare(cancelTag) { entry in
      // SAFETY: the entry is the kernel's next free one.
      // By cancellation: a removal misses a poll that has fired and not been reported yet.
      unsafe io_uring_prep_cancel64(entry, tag, 0)
    }
  }

  /// - Returns: False if the kernel takes no more calls until completions are collected.
  @inline(__always)
  private func prepare(
    _ tag: UInt64, _ fill: (UnsafeMutablePointer<io_uring_sqe>) -> Void
  ) -> Bool {
    // SAFETY: the ring lives; an entry is null when the queue is full, which is looked at.
    var entry = unsafe io_uring_get_sqe(ring)
    if unsafe entry == nil {
      submit()
      unsafe entry = io_uring_get_sqe(ring)
    }
    guard let entry = unsafe entry else { return false }
    // SAFETY: get_sqe gave an entry that is ours until the submission.
    unsafe fill(entry)
    unsafe io_uring_sqe_set_data64(entry, tag)
    return true
  }

  // MARK: Progress

  /// Gives the prepared calls to the kernel.
  ///
  /// What it does not take now, because it is short of memory, stays prepared.
  func submit() {
    // SAFETY: the ring lives.
    _ = unsafe io_uring_submit(ring)
  }

  /// Gives the prepared calls to the kernel and lets it post what has completed.
  func submitAndCollect() {
    // SAFETY: the ring lives.
    _ = unsafe io_uring_submit_and_get_events(ring)
  }

  /// Gives the prepared calls to the kernel and sleeps until something completes.
  func submitAndWait() {
    // SAFETY: the ring lives. EINTR ends the wait early, which callers expect.
    _ = unsafe io_uring_submit_and_wait(ring, 1)
  }

  /// Whether `next` has a completion, or would have one after `submitAndCollect`.
  var hasNews: Bool {
    // SAFETY: the ring lives; so in the next two.
    unsafe swift_ring_has_news(ring)
  }

  /// Whether `submitAndCollect` would do anything.
  var needsEntering: Bool {
    // SAFETY: see `hasNews`.
    unsafe swift_ring_needs_entering(ring)
  }

  /// One call's end, or one of a poll's findings.
  struct Completion {
    var tag: UInt64
    var result: Int32
    /// More completions of the same call will come.
    var hasMore: Bool
  }

  /// Takes the next completion that has been posted.
  func next() -> Completion? {
    // SAFETY: see `hasNews`.
    guard unsafe io_uring_cq_ready(ring) > 0 else { return nil }
    var found: UnsafeMutablePointer<io_uring_cqe>?
    // SAFETY: peek gives a completion that is ours until `seen`.
    guard unsafe io_uring_peek_cqe(ring, &found) == 0, let found = unsafe found else { return nil }
    let completion = unsafe Completion(
      tag: found.pointee.user_data, result: found.pointee.res,
      hasMore: found.pointee.flags & UInt32(IORING_CQE_F_MORE) != 0)
    unsafe io_uring_cqe_seen(ring, found)
    return completion
  }
}
