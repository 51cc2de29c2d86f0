internal import Glibc
package import Linux

/// How a process ended.
package enum ExitStatus: Equatable, Sendable {
  /// It returned, or called `exit`.
  case exited(Int32)
  /// A signal ended it.
  case signaled(Int32)
}

/// A program that a test started: never outlives this object, and every wait has an end.
///
/// Its output goes to a file, so that it can neither block nor mix with the test's own. It stays a
/// zombie until this object goes, so its number means no other process meanwhile.
package final class ChildProcess: Sendable {
  /// The process id.
  package let id: Int32
  private let outputPath: String

  /// Starts `arguments[0]`, looked for in `PATH`.
  ///
  /// Standard output and error go to the file `outputPath`, which is emptied first. `inherited`
  /// gives descriptors of ours and the numbers that the program is to find them under.
  package init(
    _ arguments: [String], outputPath: String, inherited: [(Descriptor, Int32)] = []
  ) throws(Errno) {
    self.outputPath = outputPath
    id = try spawn(arguments, outputPath: outputPath, inherited: inherited)
  }

  deinit {
    signal(SIGKILL)
    while waitpid(id, nil, 0) == -1, errno == EINTR {}
  }

  /// What the process wrote so far to standard output and error.
  package var output: String {
    (try? hostReadText(outputPath)) ?? ""
  }

  /// Sends a signal; a process that has ended does not notice.
  package func signal(_ number: Int32) {
    _ = Glibc.kill(id, number)
  }

  /// Asks it to end (SIGTERM).
  package func terminate() {
    signal(SIGTERM)
  }

  /// Ends it as a crash would (SIGKILL): it cannot clean up.
  package func kill() {
    signal(SIGKILL)
  }

  /// Whether it has not ended yet.
  package var isRunning: Bool {
    exitStatus() == nil
  }

  /// Waits until it ends; nothing if it still runs after `duration`.
  ///
  /// May be called again.
  package func wait(for duration: Duration) -> ExitStatus? {
    let deadline = ContinuousClock.now + duration
    while true {
      if let status = exitStatus() { return status }
      if ContinuousClock.now >= deadline { return nil }
      _ = usleep(500)
    }
  }

  private func exitStatus() -> ExitStatus? {
    // SAFETY: the structure lives through the call; WNOWAIT leaves the zombie for the next time.
    var information = unsafe siginfo_t()
    let result = unsafe waitid(P_PID, id_t(id), &information, WEXITED | WNOWAIT | WNOHANG)
    guard result == 0, unsafe information.si_signo == SIGCHLD else { return nil }
    // SAFETY: for SIGCHLD this is the member of the union that the kernel fills.
    let status = unsafe information._sifields._sigchld.si_status
    return unsafe information.si_code == Int32(CLD_EXITED) ? .exited(status) : .signaled(status)
  }
}

/// Waits until `condition` holds; false if it does not within `duration`.
package func waitUntil(
  _ duration: Duration = .seconds(10), _ condition: () throws -> Bool
) rethrows -> Bool {
  let deadline = ContinuousClock.now + duration
  while true {
    if try condition() { return true }
    if ContinuousClock.now >= deadline { return false }
    _ = usleep(500)
  }
}

private func spawn(
  _ arguments: [String], outputPath: String, inherited: [(Descriptor, Int32)]
) throws(Errno) -> Int32 {
  var actions = unsafe posix_spawn_file_actions_t()
  // SAFETY: initialised here, used below, destroyed at the end.
  unsafe posix_spawn_file_actions_init(&actions)
  defer { unsafe posix_spawn_file_actions_destroy(&actions) }
  unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
  unsafe posix_spawn_file_actions_addopen(
    &actions, 1, outputPath, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o644)
  unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
  for (descriptor, number) in inherited {
    unsafe posix_spawn_file_actions_adddup2(&actions, descriptor.rawValue, number)
  }
  // SAFETY: strdup's copies are freed below; the array ends with null as the call demands.
  var pointers: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) }
  unsafe pointers.append(nil)
  defer { unsafe pointers.forEach { unsafe free($0) } }
  var id: pid_t = 0
  let code = unsafe posix_spawnp(&id, arguments[0], &actions, nil, pointers, environ)
  guard code == 0 else { throw Errno(rawValue: code) }
  return id
}
