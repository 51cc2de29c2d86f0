internal import FuseProtocol

/// A file, of any type, of a captured session: one that was there before, or that was made in it.
struct InitialFile: Sendable {
  /// Whether it was there before the session.
  var isInitial: Bool
  /// What the session first saw of it; nothing before that.
  var attr: Attr?
  /// Type bits, where only those are known.
  var type: UInt32
  /// What a symbolic link leads to.
  var target: [UInt8]?
  /// Extended attributes that it had; the value is nil where only the name is known.
  var attributes: [[UInt8]: [UInt8]?] = [:]
  /// Extended attributes that the session has changed since, or found to be missing.
  var touchedAttributes: Set<[UInt8]> = []
  /// What it holds now of what was there before.
  var content = Extents()
  /// Of what it held before, what the capture has not shown yet.
  var unknown = Extents()
  /// What the capture shows of what it held before.
  var pieces: [(offset: UInt64, bytes: [UInt8])] = []
  /// Whether the session has seen all of its names, if it is a directory.
  var isListed = false
  /// Whether it had entries that the capture does not name.
  var isNotEmpty = false

  init(isInitial: Bool, type: UInt32) {
    self.isInitial = isInitial
    self.type = type
  }

  /// Whether it is a directory.
  var isDirectory: Bool { type == 0o040000 }
  /// Whether it is a regular file.
  var isRegular: Bool { type == 0o100000 }
  /// Whether it is a character or a block device.
  var isDevice: Bool { type == 0o020000 || type == 0o060000 }
}
