internal import CCapNG
internal import CLinux

/// The three sets of capabilities that limit the calling thread.
package struct Capabilities: Hashable, Sendable {
  /// What the kernel goes by.
  package var effective: CapabilitySet
  /// What `effective` may be raised to.
  package var permitted: CapabilitySet
  /// What an `execve` can ever gain.
  package var bounding: CapabilitySet

  /// What the calling thread has.
  ///
  /// - Throws: `EIO` if libcap-ng cannot read it (no `/proc`).
  package static func current() throws(Errno) -> Capabilities {
    guard capng_get_caps_process() == 0 else { throw .inputOutput }
    return Capabilities(
      effective: held(CAPNG_EFFECTIVE), permitted: held(CAPNG_PERMITTED),
      bounding: held(CAPNG_BOUNDING_SET))
  }

  /// Whether the calling thread has all of `set`, as far as can be told.
  package static func areEffective(_ set: CapabilitySet) -> Bool {
    (try? current())?.effective.isSuperset(of: set) ?? false
  }

  /// Cuts the calling thread, and the threads it starts from now on, down to `set`.
  ///
  /// What the thread does not have it does not get. The bounding set is emptied where
  /// CAP_SETPCAP allows: nothing is ever executed, so nothing need be gained.
  ///
  /// - Returns: What is effective now.
  /// - Throws: `EPERM` if the kernel refuses.
  @discardableResult
  package static func limit(to set: CapabilitySet) throws(Errno) -> CapabilitySet {
    let current = try Capabilities.current()
    let kept = set.intersection(current.permitted)
    let canCutBounds = current.effective.contains(.setProcessCapabilities)
    capng_clear(CAPNG_SELECT_BOTH)
    for number in kept.numbers {
      let types = capng_type_t(CAPNG_EFFECTIVE.rawValue | CAPNG_PERMITTED.rawValue)
      guard capng_update(CAPNG_ADD, types, number) == 0 else { throw .invalidArgument }
    }
    guard capng_apply(canCutBounds ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) == 0 else {
      throw .notPermitted
    }
    return kept
  }

  /// The capabilities that libcap-ng's state of this thread has in `type`.
  private static func held(_ type: capng_type_t) -> CapabilitySet {
    (0...UInt32(CAP_LAST_CAP)).reduce(into: []) { set, number in
      if capng_have_capability(type, number) == 1 {
        set.insert(CapabilitySet(rawValue: 1 << UInt64(number)))
      }
    }
  }
}
