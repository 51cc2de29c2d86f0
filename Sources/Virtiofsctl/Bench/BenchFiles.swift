internal import FuseProtocol
internal import Frontend
internal import Linux

/// The small files of a bench, as the server knows them.
struct SmallFiles: Sendable {
  /// Their directory.
  var directory: NodeID
  /// Their nodes.
  var nodes: [UInt64]

  /// How many there are.
  static let count = 1024
  /// How long each is.
  static let byteCount = 4096

  /// What the file with this number is filled with.
  static func seed(_ number: Int) -> Int {
    1000 + number
  }
}

/// The files of a bench on this host: in a directory of their own in the share, made as they are
/// needed, removed together.
final class BenchFiles {
  /// The directory's name in the share.
  let name: String
  /// How long the files for READs and WRITEs are.
  let dataByteCount: Int
  private let path: String
  private var made: Set<String> = []

  /// What data files are filled with.
  static let dataSeed = 1

  /// Makes the directory.
  ///
  /// - Throws: A failure that says what is wrong with `share`.
  init(share: String, dataByteCount: Int) throws(ToolError) {
    self.dataByteCount = dataByteCount
    do throws(Errno) {
      path = try HostPaths.makeTemporaryDirectory("\(share)/.virtiofsctl-bench-")
      name = String(path.split(separator: "/").last ?? "")
    } catch {
      throw .failure("cannot make a directory in \(share): \(error)")
    }
    try attempt("token") { (path) throws(Errno) in try HostPaths.write(name, to: path) }
  }

  /// Removes everything. Progress is shown, for a million files take a while.
  func remove() {
    HostPaths.removeTree(path)
  }

  /// A directory of `SmallFiles.count` files of 4 KiB.
  func makeSmallFiles() throws(ToolError) {
    guard made.insert("small").inserted else { return }
    try attempt("small") { (path) throws(Errno) in
      try HostPaths.makeDirectory(path)
      for number in 0..<SmallFiles.count {
        let file = try HostPaths.makeFile("\(path)/\(BenchName.text("s", number))")
        let bytes = Pattern.bytes(SmallFiles.seed(number), at: 0, count: SmallFiles.byteCount)
        try file.borrowed.writeWhole(bytes.rawBytes, at: 0)
      }
    }
  }

  /// An empty directory for files that come and go.
  func makeNew() throws(ToolError) {
    guard made.insert("new").inserted else { return }
    try attempt("new") { (path) throws(Errno) in try HostPaths.makeDirectory(path) }
  }

  /// A directory `name` of `count` empty files.
  func makeDirectory(
    _ name: String, fileCount count: Int, from first: Int = 0, tick: () throws(ToolError) -> Void
  ) throws(ToolError) {
    guard made.insert(name).inserted else { return }
    try attempt(name) { (path) throws(Errno) in try HostPaths.makeDirectory(path) }
    for number in first..<first + count {
      try attempt("\(name)/\(BenchName.text("f", number))") { (path) throws(Errno) in
        _ = try HostPaths.makeFile(path)
      }
      if number & 255 == 0 { try tick() }
    }
  }

  /// A data file, written in pieces of 4 KiB (larger ones leave larger folios in the page cache,
  /// which changes what a write costs five times), and on the disk.
  func makeData(_ name: String) throws(ToolError) {
    guard made.insert(name).inserted else { return }
    try attempt(name) { (path) throws(Errno) in
      let file = try HostPaths.makeFile(path)
      for start in stride(from: 0, to: dataByteCount, by: 1 << 20) {
        let end = min(dataByteCount, start + 1 << 20)
        let bytes = Pattern.bytes(Self.dataSeed, at: start, count: end - start)
        for place in stride(from: start, to: end, by: 4096) {
          let part = bytes.rawBytes.extracting(place - start..<min(place + 4096, end) - start)
          try file.borrowed.writeWhole(part, at: place)
        }
      }
      try file.borrowed.synchronize()
    }
  }

  /// Makes the kernel forget what it has cached of a data file.
  func dropCache(_ name: String) throws(ToolError) {
    try attempt(name) { (path) throws(Errno) in
      let file = try HostPaths.open(path)
      try file.borrowed.synchronizeData()
      file.borrowed.dropCachedPages()
    }
  }

  /// The path of one of the files.
  func path(_ name: String) -> String {
    "\(path)/\(name)"
  }

  private func attempt(
    _ name: String, _ body: (String) throws(Errno) -> Void
  ) throws(ToolError) {
    do throws(Errno) {
      try body(path(name))
    } catch {
      throw .failure("cannot make \(path(name)): \(error)")
    }
  }
}

/// What a session's WRITEs leave in a file: which blocks, and with which words.
///
/// The first and the last word of a block are stamps of the round as well, so that what an earlier
/// round wrote there does not pass for what this one was to write.
final class WriteStamps {
  /// What the blocks are filled with between their stamps.
  let seed: Int
  private var round: UInt64 = 1
  private let blockByteCount: Int
  private let marks: MarkTable

  /// Stamps that no other session has.
  init(seed: Int, fileByteCount: Int, blockByteCount: Int) {
    self.seed = seed
    self.blockByteCount = blockByteCount
    marks = MarkTable(count: max(1, fileByteCount / blockByteCount))
  }

  /// The stamp that belongs at `offset` of the file, in this round.
  @inline(__always)
  func word(at offset: Int) -> UInt64 {
    Pattern.word(seed + 1, at: offset) &+ round
  }

  /// Takes note that the block was written.
  @inline(__always)
  func mark(_ block: Int) {
    marks.set(block)
  }

  /// Looks on the host whether every block written is in the file.
  ///
  /// - Returns: The first offset that is wrong; nothing if all is right.
  func firstWrongOffset(in path: String) throws(Errno) -> Int? {
    let file = try HostPaths.open(path)
    var block = [UInt8](repeating: 0, count: blockByteCount)
    for number in 0..<marks.count where marks.isSet(number) {
      let offset = number * blockByteCount
      var span = block.mutableSpan
      var bytes = span.mutableWords
      let count = try file.borrowed.readWhole(into: &bytes, at: offset)
      guard count == blockByteCount else { return offset + count }
      let whole = block.rawBytes
      let last = blockByteCount - 8
      for place in stride(from: 0, to: blockByteCount, by: 8) {
        let isStamp = place == 0 || place == last
        let expected = isStamp ? word(at: offset + place) : Pattern.word(seed, at: place)
        guard whole.word(at: place) == expected else { return offset + place }
      }
    }
    return nil
  }

  /// Begins another round: no block has its stamps yet.
  func clear() {
    marks.clear()
    round += 1
  }
}
