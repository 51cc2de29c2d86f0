internal import FuseProtocol
internal import Linux

extension ShareBuilder {
  private static let chunkByteCount: UInt64 = 1 << 20

  /// Makes a regular file with what the capture shows of it.
  func makeRegular(
    _ file: Int, _ name: borrowing PathName, in directory: Descriptor, path: String
  ) throws(Errno) {
    let opened = try directory.open(
      name, [.writeOnly, .create, .exclusive, .noFollow], mode: 0o600)
    report.fileCount += 1
    let known = model.files[file]
    guard let attr = known.attr, attr.size > 0 else { return }
    let size = attr.size
    try opened.borrowed.truncate(to: size)
    for piece in known.pieces where !piece.bytes.allSatisfy({ $0 == 0 }) {
      try write(piece.bytes, at: piece.offset, to: opened.borrowed)
    }
    report.knownByteCount += known.pieces.reduce(0) { $0 + UInt64($1.bytes.count) }
    // It had holes: what is not known is more likely one of them than not.
    guard attr.blocks >= size / 512 else {
      report.holeByteCount &+= known.unknown.all.reduce(0) { $0 &+ ($1.end - $1.start) }
      return
    }
    var left = min(Self.mostFillerPerFile, Self.mostFiller - report.fillerByteCount)
    for extent in known.unknown.all {
      let count = min(left, extent.end - extent.start)
      try fill(extent.start..<extent.start + count, of: opened.borrowed)
      left -= count
      report.fillerByteCount += count
      if count < extent.end - extent.start {
        return report.fault("data beyond the bound for filler, left as a hole", path)
      }
    }
  }

  private func fill(_ range: Range<UInt64>, of file: Descriptor) throws(Errno) {
    var offset = range.lowerBound
    while offset < range.upperBound {
      let count = min(Self.chunkByteCount, range.upperBound - offset)
      try write(Filler.bytes(at: offset, count: Int(count)), at: offset, to: file)
      offset += count
    }
  }

  private func write(_ bytes: [UInt8], at offset: UInt64, to file: Descriptor) throws(Errno) {
    try bytes.withRawSpan { (bytes) throws(Errno) in try file.writeWhole(bytes, at: offset) }
  }

  /// Gives a file its owner, permissions, extended attributes and times, in this order: each of
  /// them may undo those after it.
  ///
  /// - Parameter descriptor: May be opened with `O_PATH`, and may be a symbolic link.
  func finish(_ file: Int, _ descriptor: Descriptor, path: String) {
    let known = model.files[file]
    let isLink = known.type == 0o120000
    if let attr = known.attr {
      trying("owners", path) { () throws(Errno) in
        try descriptor.changeOwner(uid: attr.uid, gid: attr.gid)
      }
      if !isLink {
        trying("permissions", path) { () throws(Errno) in
          try links.changeMode(of: descriptor, to: permissions(known, attr, path))
        }
      }
    } else if known.isDirectory {
      trying("permissions", path) { () throws(Errno) in
        try links.changeMode(of: descriptor, to: 0o755)
      }
    }
    for (name, value) in known.attributes.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      let words = path + " " + EscapedText.text(name)
      guard isPrivileged || !Self.givesPower(name) else {
        report.fault("security.* and trusted.* attributes, without --privileged", words)
        continue
      }
      trying("extended attributes", words) { () throws(Errno) in
        try name.withPathName { (name) throws(Errno) in
          try (value ?? [0x78]).withRawSpan { (value) throws(Errno) in
            try links.setAttribute(name, of: descriptor, to: value, flags: 0)
          }
        }
      }
    }
    guard let attr = known.attr, attr.mtimeNanoseconds < 1_000_000_000,
      attr.atimeNanoseconds < 1_000_000_000
    else { return }
    trying("times", path) { () throws(Errno) in
      try descriptor.changeTimes(
        access: .at(
          seconds: Int64(bitPattern: attr.atime), nanoseconds: attr.atimeNanoseconds),
        modification: .at(
          seconds: Int64(bitPattern: attr.mtime), nanoseconds: attr.mtimeNanoseconds))
    }
  }

  /// A file's permission bits; without those that let others act as its owner or group.
  private func permissions(_ known: InitialFile, _ attr: Attr, _ path: String) -> UInt32 {
    let mode = attr.mode & 0o7777
    guard !isPrivileged, !known.isDirectory, mode & 0o6000 != 0 else { return mode }
    report.fault("set-user-ID and set-group-ID bits, without --privileged", path)
    return mode & 0o1777
  }

  /// Whether an extended attribute is one that the kernel or root believes, as capabilities are.
  private static func givesPower(_ name: [UInt8]) -> Bool {
    name.starts(with: "security.".utf8) || name.starts(with: "trusted.".utf8)
  }

  private func trying(
    _ what: String, _ path: String, _ body: () throws(Errno) -> Void
  ) {
    do throws(Errno) {
      try body()
    } catch {
      report.fault("\(what): \(error)", path)
    }
  }
}
