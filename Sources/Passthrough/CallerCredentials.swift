package import FuseProtocol
package import Linux

/// Lets one thread act as the guest's users: what they make belongs to them from the start.
///
/// Changing the owner afterwards would show the file to others with the wrong one, and would lose
/// what the kernel does for set-group-id directories. Belongs to a view, and changes nothing but
/// the thread that made it.
///
/// Where the daemon is not root it cannot switch: everything is made as its own user. Root that
/// lacks the capabilities to switch makes nothing for others: `EPERM`.
package struct CallerCredentials: ~Copyable {
  private let user: UInt32
  private let group: UInt32
  private let capabilities: ThreadCapabilities
  private let canSwitch: Bool
  private let canSetGroups: Bool
  private let ownsFileCreationMask: Bool

  /// Takes over the identity of the calling thread: its umask becomes 0 and, if it is root, its
  /// supplementary groups none.
  package init() throws(Errno) {
    user = ThreadIdentity.user
    group = ThreadIdentity.group
    capabilities = try .current()
    // To leave an effective user other than 0 for 0 would cost the permitted capabilities.
    canSwitch = user == 0
    canSetGroups =
      canSwitch
      && Self.succeeds { () throws(Errno) in
        try ThreadIdentity.setSupplementaryGroups([UInt32]().span)
      }
    ownsFileCreationMask = Self.succeeds { () throws(Errno) in
      try ThreadIdentity.separateFileSystemState()
    }
    // A umask that threads share may be in use by one of them.
    if !ownsFileCreationMask { sharedMask.wait() }
    ThreadIdentity.setFileCreationMask(0)
    if !ownsFileCreationMask { sharedMask.signal() }
  }

  /// Calls `body` as `creator`: with its user and group ids, its groups and its umask.
  ///
  /// Of the capabilities only CAP_DAC_OVERRIDE is left to a user other than root: the guest has
  /// checked the permissions, by groups and access lists of which the host knows nothing.
  /// Not to be called inside `withoutSetIDCapability`.
  ///
  /// - Throws: What `body` throws; `EINVAL` for an id that the host cannot have.
  package func acting<R: ~Copyable>(
    as creator: borrowing Creator, _ body: () throws(Errno) -> R
  ) throws(Errno) -> R {
    guard !ownsFileCreationMask else { return try masked(creator, body) }
    sharedMask.wait()
    defer { sharedMask.signal() }
    return try masked(creator, body)
  }

  /// Calls `body` without CAP_FSETID, so that the kernel clears set-id bits as for any user.
  package func withoutSetIDCapability<R: ~Copyable>(
    _ body: () throws(Errno) -> R
  ) throws(Errno) -> R {
    guard capabilities.effective.contains(.setID) else { return try body() }
    var reduced = capabilities
    reduced.effective.remove(.setID)
    try reduced.apply()
    defer { restoring { () throws(Errno) in try capabilities.apply() } }
    return try body()
  }

  private func masked<R: ~Copyable>(
    _ creator: borrowing Creator, _ body: () throws(Errno) -> R
  ) throws(Errno) -> R {
    let mask = creator.umask & 0o777
    guard mask != 0 else { return try switched(creator, body) }
    ThreadIdentity.setFileCreationMask(mask)
    defer { ThreadIdentity.setFileCreationMask(0) }
    return try switched(creator, body)
  }

  private func switched<R: ~Copyable>(
    _ creator: borrowing Creator, _ body: () throws(Errno) -> R
  ) throws(Errno) -> R {
    let (uid, gid, groupCount) = (creator.uid, creator.gid, creator.groupCount)
    guard canSwitch, uid != user || gid != group else { return try body() }
    let hasGroups = canSetGroups && groupCount > 0
    defer { leave(uid: uid, gid: gid, hasGroups: hasGroups) }
    if hasGroups { try ThreadIdentity.setSupplementaryGroups(creator.supplementaryGroups) }
    if gid != group { try ThreadIdentity.setGroup(gid) }
    if uid != user {
      try ThreadIdentity.setUser(uid)
      // Leaving root has cleared the effective capabilities.
      var reduced = capabilities
      reduced.effective = capabilities.permitted.intersection(.dacOverride)
      try reduced.apply()
    }
    return try body()
  }

  /// Undoes what `switched` did, or only began to do.
  private func leave(uid: UInt32, gid: UInt32, hasGroups: Bool) {
    restoring { () throws(Errno) in
      if uid != user {
        // Back at root, the kernel makes all that is permitted effective.
        try ThreadIdentity.setUser(user)
        if capabilities.effective != capabilities.permitted { try capabilities.apply() }
      }
      if gid != group { try ThreadIdentity.setGroup(group) }
      if hasGroups { try ThreadIdentity.setSupplementaryGroups([UInt32]().span) }
    }
  }

  /// Calls what gives the thread its own identity back, which the kernel cannot refuse.
  ///
  /// A thread that went on as somebody else would give files to the wrong user: better none.
  private func restoring(_ body: () throws(Errno) -> Void) {
    do throws(Errno) {
      try body()
    } catch {
      preconditionFailure("cannot restore the thread's identity: \(error)")
    }
  }

  private static func succeeds(_ body: () throws(Errno) -> Void) -> Bool {
    do throws(Errno) {
      try body()
      return true
    } catch {
      return false
    }
  }
}

/// Guards the umask of threads that have to share one, where a container forbids `unshare`.
private let sharedMask: Semaphore = {
  let semaphore = Semaphore()
  semaphore.signal()
  return semaphore
}()
