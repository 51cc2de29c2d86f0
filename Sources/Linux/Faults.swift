// A seam for tests: system calls that fail on demand. Release builds do not have it.

#if DEBUG
  internal import CLinux

  /// A call that a test can have fail.
  package enum FaultyCall: Hashable, Sendable, CaseIterable {
    /// `name_to_handle_at(2)`
    case makeHandle
    /// `open_by_handle_at(2)`
    case openHandle
    /// `statx(2)`
    case status
    /// `openat2(2)`
    case open
    /// `inotify_add_watch(2)`
    case watch
  }

  /// What fails, when, and how.
  package struct Fault: Sendable {
    /// Which of the calls that match fail.
    package enum Occasion: Sendable {
      case every
      /// The one that comes after so many others.
      case after(Int)
      /// So many in a thousand, at random.
      case perMille(Int)
    }

    /// What fails.
    package var call: FaultyCall
    /// What it fails with.
    package var errno: Errno
    /// Which of the calls.
    package var occasion: Occasion
    /// Only calls about the file with this inode number, if given.
    package var inode: UInt64?
    /// Only calls about files of this device, if given.
    package var device: DeviceNumber?

    /// A fault of every call, unless it is told otherwise.
    package init(
      _ call: FaultyCall, _ errno: Errno, _ occasion: Occasion = .every, inode: UInt64? = nil,
      device: DeviceNumber? = nil
    ) {
      self.call = call
      self.errno = errno
      self.occasion = occasion
      self.inode = inode
      self.device = device
    }
  }

  /// The faults of one thread, and how often they struck.
  package final class FaultPlan {
    /// What is to fail from now on.
    package var faults: [Fault]
    /// What is done, once, when this thread comes to such a call: what others do meanwhile.
    ///
    /// Names and handles are asked for after that, files opened before.
    package var interruption: (call: FaultyCall, action: () -> Void)?
    /// How many calls failed because of this plan.
    package private(set) var failureCount = 0
    private var seen: [Int: Int] = [:]
    private var random: UInt64

    /// A plan whose random choices follow from `seed`.
    package init(_ faults: [Fault] = [], seed: UInt64 = 0) {
      self.faults = faults
      random = seed
    }

    /// Has the calls of this thread fail as planned while `body` runs.
    package func whileActive<R>(_ body: () throws -> R) rethrows -> R {
      let former = Faults.replace(with: self)
      defer { _ = Faults.replace(with: former) }
      return try body()
    }

    /// Whether any fault is about certain files.
    fileprivate var asksForFiles: Bool {
      faults.contains { $0.inode != nil || $0.device != nil }
    }

    fileprivate func interrupt(_ call: FaultyCall) {
      guard let interruption, interruption.call == call else { return }
      self.interruption = nil
      interruption.action()
    }

    /// The error that `call` is to fail with, if it is to; `subject` tells which file it was about.
    fileprivate func failure(
      of call: FaultyCall, _ subject: () -> (inode: UInt64, device: DeviceNumber)?
    ) -> Errno? {
      for (index, fault) in faults.enumerated() where fault.call == call {
        if fault.inode != nil || fault.device != nil {
          guard let subject = subject(), fault.inode ?? subject.inode == subject.inode,
            fault.device ?? subject.device == subject.device
          else { continue }
        }
        let number = seen[index, default: 0]
        seen[index] = number + 1
        guard strikes(fault.occasion, number) else { continue }
        failureCount += 1
        return fault.errno
      }
      return nil
    }

    private func strikes(_ occasion: Fault.Occasion, _ number: Int) -> Bool {
      switch occasion {
      case .every: return true
      case .after(let count): return number == count
      case .perMille(let share):
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(random >> 33) % 1000 < share
      }
    }
  }

  /// Where a thread keeps its plan.
  private enum Faults {
    private static let key: pthread_key_t = {
      var key = pthread_key_t()
      // SAFETY: the key lives through the call; a thread's plan is no more than borrowed.
      unsafe pthread_key_create(&key, nil)
      return key
    }()

    static var current: FaultPlan? {
      // SAFETY: `whileActive` holds the plan as long as it is here.
      guard let plan = unsafe pthread_getspecific(key) else { return nil }
      return unsafe Unmanaged<FaultPlan>.fromOpaque(plan).takeUnretainedValue()
    }

    static func replace(with plan: FaultPlan?) -> FaultPlan? {
      let former = current
      // SAFETY: as above.
      let pointer = unsafe plan.map { unsafe Unmanaged.passUnretained($0).toOpaque() }
      unsafe pthread_setspecific(key, pointer)
      return former
    }
  }

  extension FaultyCall {
    /// Throws what the call is to fail with, which has been made on the file `path` of `directory`.
    func checkFault(_ directory: Descriptor, _ path: borrowing PathName) throws(Errno) {
      guard let plan = Faults.current else { return }
      plan.interrupt(self)
      guard plan.asksForFiles else {
        if let error = plan.failure(of: self, { nil }) { throw error }
        return
      }
      // SAFETY: `withCString` gives a terminated string that outlives the call, as does `status`.
      let subject: (inode: UInt64, device: DeviceNumber)? = unsafe path.withCString { path in
        var status = CLinux.statx()
        let flags = AT_SYMLINK_NOFOLLOW | swift_at_no_automount | swift_at_empty_path
        let result = unsafe swift_statx(
          directory.rawValue, path, flags, swift_statx_basic_stats, &status)
        guard result == 0 else { return nil }
        let device = DeviceNumber(major: status.stx_dev_major, minor: status.stx_dev_minor)
        return (status.stx_ino, device)
      }
      if let error = plan.failure(of: self, { subject }) { throw error }
    }
  }
#endif
