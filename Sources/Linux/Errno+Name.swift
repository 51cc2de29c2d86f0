internal import CLinux

extension Errno {
  /// The name in the C header, `ENOENT`; nil for a number that has none.
  package var name: String? {
    guard rawValue > 0 else { return nil }
    // SAFETY: strerrorname_np returns a constant, terminated string, or null.
    guard let text = unsafe strerrorname_np(rawValue) else { return nil }
    return unsafe String(cString: text)
  }

  /// The number with this name; nil if there is none.
  package init?(name: String) {
    let names = ["EWOULDBLOCK": EAGAIN, "ENOTSUP": EOPNOTSUPP, "EDEADLOCK": EDEADLK]
    if let number = names[name] {
      self.init(number)
      return
    }
    let numbers: ClosedRange<Int32> = 1...511
    guard let number = numbers.first(where: { Errno($0).name == name }) else { return nil }
    self.init(number)
  }
}
