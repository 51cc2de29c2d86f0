internal import CLinux
internal import Synchronization

/// A program that this process started: killed and reaped when this object goes, if it still runs.
package final class SpawnedProcess: Sendable {
  /// The process id; nobody else's as long as this object lives.
  package let id: Int32
  private let status: Mutex<Int32?>

  /// Starts `arguments[0]`, looked for in `PATH`, with nothing to read and its output in a file.
  ///
  /// The program gets a process group of its own and no blocked signals, whatever ours are.
  ///
  /// - Parameter outputPath: Standard output and error go there; emptied first.
  /// - Throws: Why it cannot be started: `ENOENT` if there is no such program.
  package init(_ arguments: [String], outputPath: String) throws(Errno) {
    precondition(!arguments.isEmpty, "a program without a name")
    // In this order: the compiler of Swift 6.3 crashes over a mutex that is there when this throws.
    id = try spawn(arguments, outputPath: outputPath)
    status = Mutex(nil)
  }

  deinit {
    guard exitCode() == nil else { return }
    send(SIGKILL)
    _ = wait(milliseconds: .max)
  }

  /// Asks the program, and all of its group, to end (SIGTERM).
  package func terminate() {
    send(SIGTERM)
  }

  /// Ends the program, and all of its group (SIGKILL).
  package func kill() {
    send(SIGKILL)
  }

  /// Its exit code, or 128 and the signal that ended it; nothing while it runs.
  package func exitCode() -> Int32? {
    status.withLock { status in
      if let status { return status }
      var code: Int32 = 0
      // SAFETY: the number is a local that the call fills; the child is ours and not reaped yet.
      guard unsafe waitpid(id, &code, WNOHANG) == id else { return nil }
      status = swift_exit_status(code)
      return status
    }
  }

  /// Waits until the program has ended; false if it still runs after `milliseconds`.
  package func wait(milliseconds: Int) -> Bool {
    var rest = milliseconds
    while exitCode() == nil {
      guard rest > 0 else { return false }
      _ = usleep(1000)
      rest -= 1
    }
    return true
  }

  private func send(_ signal: Int32) {
    status.withLock { status in
      // Not reaped, so the number is still its own, as a process and as a group.
      if status == nil { _ = CLinux.kill(-id, signal) }
    }
  }
}

private func spawn(_ arguments: [String], outputPath: String) throws(Errno) -> Int32 {
  var actions = unsafe posix_spawn_file_actions_t()
  var attributes = posix_spawnattr_t()
  // SAFETY, for all below: both are initialised here, live through the calls, and are destroyed.
  unsafe posix_spawn_file_actions_init(&actions)
  defer { unsafe posix_spawn_file_actions_destroy(&actions) }
  unsafe posix_spawnattr_init(&attributes)
  defer { unsafe posix_spawnattr_destroy(&attributes) }
  unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
  unsafe posix_spawn_file_actions_addopen(
    &actions, 1, outputPath, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o644)
  unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
  var none = sigset_t()
  unsafe sigemptyset(&none)
  unsafe posix_spawnattr_setsigmask(&attributes, &none)
  var pipe = sigset_t()
  unsafe sigemptyset(&pipe)
  unsafe sigaddset(&pipe, SIGPIPE)
  unsafe posix_spawnattr_setsigdefault(&attributes, &pipe)
  let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
  unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
  // strdup's copies are freed below; the array ends with null as the call demands.
  var pointers: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) }
  unsafe pointers.append(nil)
  defer { unsafe pointers.forEach { unsafe free($0) } }
  var id: pid_t = 0
  let code = unsafe posix_spawnp(
    &id, arguments[0], &actions, &attributes, pointers, swift_environ())
  guard code == 0 else { throw Errno(rawValue: code) }
  return id
}
