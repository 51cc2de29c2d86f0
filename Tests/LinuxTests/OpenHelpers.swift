import Linux
import Synchronization
import Testing

/// Opens a directory of the host by path.
func openHostDirectory(_ path: String) throws(Errno) -> OwnedDescriptor {
  try openHost(path, [.readOnly, .directory])
}

/// Opens a file of the host by path, to read.
func openHostFile(_ path: String) throws(Errno) -> OwnedDescriptor {
  try openHost(path, .readOnly)
}

/// Opens anything of the host by path, not following a link at its end.
func openHostPath(_ path: String) throws(Errno) -> OwnedDescriptor {
  try openHost(path, [.path, .noFollow])
}

private func openHost(_ path: String, _ flags: OpenFlags) throws(Errno) -> OwnedDescriptor {
  try withPathName(path) { (path) throws(Errno) in
    try Descriptor.currentDirectory.open(path, flags)
  }
}

/// Calls `body` with `text` as a path name.
func withPathName<R: ~Copyable>(
  _ text: String, _ body: (borrowing PathName) throws(Errno) -> R
) throws(Errno) -> R {
  let bytes = Array(text.utf8) + [0]
  // SAFETY: bytes have no padding.
  let name = try unsafe PathName(bytes.span.bytes)
  return try body(name)
}

/// What `body` returns or throws on a thread of its own, whose credentials it may change.
func onThread<R: Sendable>(_ body: @escaping @Sendable () throws -> R) throws -> R {
  let box = ResultBox<R>()
  let thread = try Thread(name: "test") { box.fill(body) }
  thread.join()
  return try box.result()
}

private final class ResultBox<R: Sendable>: Sendable {
  private let value = Mutex<Result<R, any Error>?>(nil)

  func fill(_ body: () throws -> R) {
    let result = Result { try body() }
    value.withLock { $0 = result }
  }

  func result() throws -> R {
    let result = value.withLock { $0 }
    return try #require(result).get()
  }
}
