internal import CLinux

/// The processors that threads may run on: `sched_setaffinity(2)`.
package enum Processors {
  /// Those that the calling thread may run on, in their order; at least one.
  package static var allowed: [Int] {
    var set = cpu_set_t()
    // SAFETY: the set has the size that is passed and lives through the calls.
    guard unsafe sched_getaffinity(0, MemoryLayout<cpu_set_t>.size, &set) == 0 else { return [0] }
    let found = (0..<Int(swift_cpu_set_size)).filter { cpu in
      unsafe swift_cpu_is_in(Int32(cpu), &set) != 0
    }
    return found.isEmpty ? [0] : found
  }

  /// How many the machine has, whether we may run on them or not.
  ///
  /// The C library reads files of /sys and /proc for it: not to be asked where these paths may lead
  /// into the share.
  package static var onlineCount: Int {
    max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }

  /// Keeps a thread to `processors`; 0 is the calling one, a process's id its first thread.
  ///
  /// Threads and processes that it makes later inherit that.
  package static func keep(_ thread: Int32, to processors: [Int]) throws(Errno) {
    var set = cpu_set_t()
    for processor in processors where (0..<Int(swift_cpu_set_size)).contains(processor) {
      // SAFETY: the set lives through the call, and the condition keeps the bit inside.
      unsafe swift_cpu_add(Int32(processor), &set)
    }
    // SAFETY: the set has the size that is passed and lives through the call.
    _ = try attempt { unsafe sched_setaffinity(thread, MemoryLayout<cpu_set_t>.size, &set) }
  }
}

/// Tells the processor that this is a loop that waits, so that its other half may work.
@inline(__always)
package func spinHint() {
  swift_spin_hint()
}
