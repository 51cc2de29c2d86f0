package import Linux

/// The file of a capture, from its creation on: it has its beginning, and is ready for records.
package struct CaptureFile: ~Copyable, Sendable {
  /// The file, as the operator named it.
  package let path: String
  /// How many vrings the capture is of.
  let vringCount: Int
  /// At most so many bytes of a record's file data are kept.
  let snapLength: Int
  let clock: CaptureClock
  let owner: OwnedDescriptor
  /// How long what the capture begins with is.
  let beginningByteCount: Int

  /// The greatest snap length: as much as one READ or WRITE of a Linux guest moves, and more.
  package static let mostSnapLength = 4 << 20

  /// Creates `path` for its owner alone, or empties it, and writes what a capture begins with.
  ///
  /// - Parameters:
  ///   - program: The name and version of the program that captures.
  ///   - options: How it was called.
  /// - Throws: `EISDIR` for a directory, `ENODEV` for anything else that is no regular file.
  package init(
    path: String, vringCount: Int, snapLength: Int, program: String, options: String
  ) throws(Errno) {
    self.path = path
    self.vringCount = vringCount
    self.snapLength = min(max(0, snapLength), Self.mostSnapLength)
    clock = CaptureClock()
    var writer = TraceWriter(
      vringNames: TraceWriter.vringNames(count: vringCount), snapLength: self.snapLength,
      application: program)
    writer.append(.captureBegan(program: program, options: options), time: clock.now)
    beginningByteCount = writer.bytes.count
    owner = try Self.create(path, beginning: writer.bytes)
  }

  private static func create(
    _ path: String, beginning: [UInt8]
  ) throws(Errno) -> OwnedDescriptor {
    let file = try Descriptor.createFile(path: path, permissions: 0o600)
    // What others could read before must not be theirs from now on.
    try file.borrowed.setPermissions(0o600)
    try file.borrowed.writeWhole(beginning.rawBytes)
    return file
  }

  /// Whether the file lies in `directory`, or below it; false if the system does not tell.
  package borrowing func isInside(_ directory: Descriptor) -> Bool {
    guard let path = try? owner.borrowed.path(), let base = try? directory.path() else {
      return false
    }
    return path.hasPrefix(base == "/" ? base : base + "/")
  }
}
