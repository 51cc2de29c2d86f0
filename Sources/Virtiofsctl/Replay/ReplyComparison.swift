internal import FuseProtocol
internal import Linux
internal import Trace

/// One thing in which a live reply is not the recorded one.
struct FieldDifference: Equatable, Sendable {
  /// `error`, `size`, `mode` ...
  var field: String
  var recorded: String
  var live: String
}

/// Holds a live reply against the recorded one.
///
/// Left out is what two servers, or one at two times, may rightly answer differently: inode
/// numbers, blocks, generations, how long something may be cached, flags of open files, free
/// space, what INIT agrees on, sizes of directories, and times but for those that the guest itself
/// has set.
struct ReplyComparison {
  let step: Step
  let live: LiveReply
  let standIns: StandIns
  /// What does not agree.
  private(set) var differences: [FieldDifference] = []
  /// How many bytes of file data could not be compared.
  var unknownByteCount = 0

  /// Compares the reply to `step`, whose recorded reply is there.
  init(_ step: Step, _ live: LiveReply, standIns: StandIns) {
    self.step = step
    self.live = live
    self.standIns = standIns
    compare()
  }

  var recordedBody: ArraySlice<UInt8> {
    step.reply?.message.dropFirst(MemoryLayout<OutHeader>.size) ?? []
  }

  private mutating func compare() {
    guard let recorded = step.recordedError else {
      if let error = live.error, error != 0 { differ("error", "no reply", Self.words(error)) }
      return
    }
    guard let error = live.error else { return differ("reply", "a header", "none") }
    if isNegative(error, live.answer()) && isNegative(recorded, step.answer()) { return }
    if isForTheFileSystemToSay(error) && isForTheFileSystemToSay(recorded) { return }
    guard error == recorded else {
      return differ("error", Self.words(recorded), Self.words(error))
    }
    if error == 0, let opcode = step.opcode { compareAnswers(opcode) }
  }

  /// Whether a LOOKUP's answer says that there is nothing, as an error or as an entry without node.
  private func isNegative(_ error: Int32, _ entry: EntryOut?) -> Bool {
    guard step.opcode == .lookup else { return false }
    return error == -Errno.noEntry.rawValue || error == 0 && entry?.node.rawValue == 0
  }

  /// Whether it says where data or a hole is: some file systems know of holes, others do not.
  private func isForTheFileSystemToSay(_ error: Int32) -> Bool {
    guard step.opcode == .lseek, let arguments: LseekIn = step.arguments() else { return false }
    let isSparseSeek = arguments.whence == 3 || arguments.whence == 4
    // ENXIO: there is no more of it.
    return isSparseSeek && (error == 0 || error == -6)
  }

  private mutating func compareAnswers(_ opcode: Opcode) {
    switch opcode {
    case .lookup, .mknod, .mkdir, .symlink, .link, .create, .tmpfile: compareEntries()
    case .getattr, .setattr: compareAttributes()
    case .read: compareData()
    case .readlink, .getxattr: compareBytes(opcode == .readlink ? "target" : "value")
    case .listxattr: compareLists()
    case .write: compareCounts()
    case .lseek: compareOffsets()
    case .open, .opendir, .statfs, .`init`:
      if live.body.count < recordedBody.count, opcode != .`init` {
        differ("length", "\(recordedBody.count)", "\(live.body.count)")
      }
    case .readdir, .readdirplus, .copyFileRange, .copyFileRange64: break
    case .forget, .unlink, .rmdir, .rename, .rename2, .release, .fsync, .setxattr, .removexattr,
      .flush, .releasedir, .fsyncdir, .getlk, .setlk, .setlkw, .access, .interrupt, .bmap,
      .destroy, .ioctl, .poll, .notifyReply, .batchForget, .fallocate, .setupMapping,
      .removeMapping, .syncfs, .statx, .cuseInit:
      if live.body.count != recordedBody.count {
        differ("length", "\(recordedBody.count)", "\(live.body.count)")
      }
    }
  }

  mutating func differ(_ field: String, _ recorded: String, _ live: String) {
    differences.append(FieldDifference(field: field, recorded: recorded, live: live))
  }

  /// An error of the wire, for people.
  static func words(_ error: Int32) -> String {
    guard error != 0 else { return "success" }
    guard error < 0, error > Int32.min else { return "error \(error)" }
    let number = Errno(rawValue: -error)
    return number.name ?? "error \(number.rawValue)"
  }
}

// Attributes.
extension ReplyComparison {
  private mutating func compareEntries() {
    guard let recorded: EntryOut = step.answer(), let entry: EntryOut = live.answer() else {
      return differ("length", "\(recordedBody.count)", "\(live.body.count)")
    }
    guard (recorded.node.rawValue == 0) == (entry.node.rawValue == 0) else {
      return differ("node", "\(recorded.node.rawValue)", "\(entry.node.rawValue)")
    }
    add(Self.attributes(recorded.attr, entry.attr, isRaced: step.isRaced))
    compareTimes(recorded.attr, entry.attr)
  }

  private mutating func compareAttributes() {
    guard let recorded: AttrOut = step.answer(), let answer: AttrOut = live.answer() else {
      return differ("length", "\(recordedBody.count)", "\(live.body.count)")
    }
    add(Self.attributes(recorded.attr, answer.attr, isRaced: step.isRaced))
    compareTimes(recorded.attr, answer.attr)
    guard step.opcode == .setattr, let arguments: SetattrIn = step.arguments(),
      arguments.valid.contains(.atime), !arguments.valid.contains(.atimeNow), !step.isRaced
    else { return }
    let times = (recorded.attr, answer.attr)
    if times.0.atime != times.1.atime || times.0.atimeNanoseconds != times.1.atimeNanoseconds {
      differ(
        "atime", Self.time(times.0.atime, times.0.atimeNanoseconds),
        Self.time(times.1.atime, times.1.atimeNanoseconds))
    }
  }

  private mutating func add(_ more: [FieldDifference]) {
    differences += more
  }

  private mutating func compareTimes(_ recorded: Attr, _ live: Attr) {
    guard step.comparesModificationTime, !step.isRaced else { return }
    guard recorded.mtime != live.mtime || recorded.mtimeNanoseconds != live.mtimeNanoseconds
    else { return }
    differ(
      "mtime", Self.time(recorded.mtime, recorded.mtimeNanoseconds),
      Self.time(live.mtime, live.mtimeNanoseconds))
  }

  private static func time(_ seconds: UInt64, _ nanoseconds: UInt32) -> String {
    let digits = String(nanoseconds)
    let zeros = String(repeating: "0", count: max(0, 9 - digits.count))
    return "\(Int64(bitPattern: seconds)).\(zeros)\(digits)"
  }

  /// The attributes that must agree and do not.
  ///
  /// - Parameter isRaced: Whether the object changed meanwhile: then only its type must agree.
  static func attributes(_ recorded: Attr, _ live: Attr, isRaced: Bool) -> [FieldDifference] {
    var result: [FieldDifference] = []
    func compare(_ field: String, _ left: UInt64, _ right: UInt64, radix: Int = 10) {
      guard left != right else { return }
      let prefix = radix == 8 ? "0" : ""
      result.append(
        FieldDifference(
          field: field, recorded: prefix + String(left, radix: radix),
          live: prefix + String(right, radix: radix)))
    }
    let type = recorded.mode & 0o170000
    if isRaced || type != live.mode & 0o170000 {
      compare("type", UInt64(type), UInt64(live.mode & 0o170000), radix: 8)
      return result
    }
    compare("mode", UInt64(recorded.mode), UInt64(live.mode), radix: 8)
    compare("uid", UInt64(recorded.uid), UInt64(live.uid))
    compare("gid", UInt64(recorded.gid), UInt64(live.gid))
    let isDirectory = type == 0o040000
    if !isDirectory { compare("size", recorded.size, live.size) }
    // Some file systems do not count a directory's links.
    if !isDirectory || recorded.linkCount != 1 && live.linkCount != 1 {
      compare("nlink", UInt64(recorded.linkCount), UInt64(live.linkCount))
    }
    if type == 0o020000 || type == 0o060000 {
      compare("rdev", UInt64(recorded.device), UInt64(live.device))
    }
    return result
  }
}
