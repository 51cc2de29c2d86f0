internal import CLinux

/// A descriptor that a reactor watches.
///
/// It comes from outside: whatever it is, it must not keep the thread awake when nobody signals.
struct Watch {
  let descriptor: Descriptor
  let token: UInt32
  /// Tells it from an earlier watch with the same token.
  let serial: UInt32
  /// Whether it is an eventfd or another descriptor without a file. With a ring nobody need read
  /// it: its becoming readable again is reported all the same.
  let isCounter: Bool
  /// Whether the ring has a poll for it.
  var isArmed = false
  /// Polls in a row that ended with what they found when they began.
  private var vainPolls = 0

  private static let mostVainPolls = 2
  private static let drainingByteCount = 1024
  private static let mostDrainingReads = 128

  init(_ descriptor: Descriptor, token: UInt32, serial: UInt32) {
    self.descriptor = descriptor
    self.token = token
    self.serial = serial
    isCounter = (try? descriptor.fileTypeBits()) == 0
  }

  /// The ring's poll has found it readable and goes on.
  mutating func pollGoesOn() {
    vainPolls = 0
  }

  /// The ring's poll has ended with `result`.
  ///
  /// One ends when the kernel ran out of something: it is to begin again. One that cannot be, or
  /// of a file that no poll can wait for and that is always readable, is left alone: that is the
  /// front-end's fault.
  mutating func pollEnded(_ result: Int32) {
    if result >= 0 { vainPolls += 1 }
    guard result >= 0 || result == -ENOMEM, vainPolls < Self.mostVainPolls else { return }
    isArmed = false
  }

  /// Takes all that there is to read.
  ///
  /// - Returns: False if it can never be read empty: its other end is gone, it counts down one by
  ///   one (`EFD_SEMAPHORE`), or it is nothing to be read.
  func drain() -> Bool {
    for _ in 0..<Self.mostDrainingReads {
      // As much as lies on the stack.
      let count = unsafe withUnsafeTemporaryAllocation(
        byteCount: Self.drainingByteCount, alignment: 8
      ) { bytes in
        // SAFETY: read(2) stores at most as many bytes as the buffer has, during the call.
        unsafe CLinux.read(descriptor.rawValue, bytes.baseAddress, bytes.count)
      }
      if count < 0 { return swift_errno() == EAGAIN || swift_errno() == EINTR }
      if count == 0 { return false }
    }
    // A pipe or socket holds so much; the rest is for the next time.
    return !isCounter
  }
}
