internal import CLinux

/// Makes a system call, again if a signal interrupts it, and throws what it fails with.
///
/// The only reader of `errno`. Calls that must not be repeated after EINTR (`close`) do not go
/// through here.
@inline(__always)
func attempt<T: SignedInteger & FixedWidthInteger>(_ call: () -> T) throws(Errno) -> T {
  while true {
    let result = call()
    if result != -1 { return result }
    let code = swift_errno()
    guard code == EINTR else { throw Errno(rawValue: code) }
  }
}
