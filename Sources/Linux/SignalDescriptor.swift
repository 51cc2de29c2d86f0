internal import CLinux

/// A signal that ends the daemon.
package enum TerminationSignal: Sendable, CaseIterable {
  case terminate
  case interrupt
  case hangUp

  /// `SIGTERM`, `SIGINT`, `SIGHUP`.
  package var rawValue: Int32 {
    switch self {
    case .terminate: SIGTERM
    case .interrupt: SIGINT
    case .hangUp: SIGHUP
    }
  }
}

/// Signals as something to poll: signalfd(2).
///
/// Made before the first thread, which inherits the blocked signals; they then arrive only here.
package struct SignalDescriptor: ~Copyable, Sendable {
  private let file: OwnedDescriptor

  /// Blocks the termination signals for this thread and the threads it makes, and ignores
  /// `SIGPIPE`: a peer that has gone is an error of the call, not the end of the process.
  package init() throws(Errno) {
    var set = sigset_t()
    // SAFETY: `set` lives across the calls, which write or read only it.
    unsafe sigemptyset(&set)
    for signal in TerminationSignal.allCases {
      // SAFETY: as above.
      unsafe sigaddset(&set, signal.rawValue)
    }
    // SAFETY: as above; the old mask is not asked for.
    let error = unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    guard error == 0 else { throw Errno(rawValue: error) }
    swift_ignore_signal(SIGPIPE)
    file = OwnedDescriptor(
      // SAFETY: `set` is initialised above and only read.
      taking: try attempt {
        unsafe signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
      })
  }

  /// Readable when a signal has come.
  package var descriptor: Descriptor { file.borrowed }

  /// Takes the next signal that has come; nil if none has.
  package func next() throws(Errno) -> TerminationSignal? {
    var information = signalfd_siginfo()
    let size = MemoryLayout<signalfd_siginfo>.size
    do {
      // SAFETY: `information` has room for `size` bytes, and any bytes make a valid one.
      let count = try attempt { unsafe read(file.borrowed.rawValue, &information, size) }
      guard count == size else { return nil }
    } catch .again {
      return nil
    }
    return TerminationSignal.allCases.first {
      $0.rawValue == Int32(truncatingIfNeeded: information.ssi_signo)
    }
  }
}
