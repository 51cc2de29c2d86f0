internal import FuseProtocol
internal import Trace

/// What was there before a captured session, as far as the capture shows.
///
/// The session is followed request by request. The first that is heard of a name says whether it
/// existed before; data that is read before anybody writes it was there before, too.
struct NamespaceModel {
  /// What is known of a name at a moment of the session.
  private enum Presence {
    case absent
    case present(Int)
  }

  /// The first is the share's root.
  var files: [InitialFile] = [InitialFile(isInitial: true, type: 0o040000)]
  /// What was there before; `directory` is the index of a file here.
  private(set) var entries: [NameKey: Int] = [:]
  /// Names that came up in the middle of the session though nobody had made them.
  private(set) var unexplainedCount = 0

  private var names: [NameKey: Presence] = [:]
  /// The file that an object of the capture is.
  var fileOfObject: [Int: Int] = [0: 0]
  /// Files by inode number, to know hard links.
  private var byInode: [UInt64: Int] = [:]

  /// Follows a session.
  static func build(_ recording: Recording) -> NamespaceModel {
    var model = NamespaceModel()
    for event in recording.events {
      switch event {
      case .request(let index): model.begin(recording.steps[index])
      case .reply(let index):
        let step = recording.steps[index]
        if step.hasSucceeded { model.succeed(step) } else { model.fail(step) }
        if let pass = step.pass, recording.passes[pass].isComplete, step.hasSucceeded,
          let file = step.node.flatMap({ model.fileOfObject[$0] })
        {
          model.files[file].isListed = true
        }
      }
    }
    return model
  }

  /// The initial entries of each directory.
  var children: [Int: [(name: [UInt8], file: Int)]] {
    var result: [Int: [(name: [UInt8], file: Int)]] = [:]
    for (key, file) in entries { result[key.directory, default: []].append((key.name, file)) }
    return result
  }

  func file(_ object: Int?) -> Int? {
    object.flatMap { fileOfObject[$0] }
  }

  private func key(_ step: Step, _ index: Int = 0) -> NameKey? {
    guard index < step.names.count,
      let directory = file(index == 0 ? step.node : step.otherNode)
    else { return nil }
    return NameKey(directory: directory, name: step.names[index])
  }
}

// Names.
extension NamespaceModel {
  private mutating func succeed(_ step: Step) {
    guard let opcode = step.opcode else { return }
    switch opcode {
    case .lookup:
      guard let entry: EntryOut = step.answer(), let key = key(step) else { return }
      if entry.node.rawValue == 0 {
        if names[key] == nil { names[key] = .absent }
      } else {
        saw(key, entry.attr, step.produced)
      }
    case .mknod, .mkdir, .symlink, .create, .tmpfile: made(step)
    case .link:
      guard let key = key(step) else { return }
      if let file = file(step.otherNode) { names[key] = .present(file) }
    case .unlink, .rmdir:
      guard let key = key(step) else { return }
      _ = expected(key, isDirectory: opcode == .rmdir)
      names[key] = .absent
    case .rename, .rename2: renamed(step)
    case .readdir, .readdirplus: listed(step)
    case .getattr, .setattr:
      guard let answer: AttrOut = step.answer(), let file = file(step.node) else { return }
      observe(file, answer.attr)
    case .readlink:
      guard let file = file(step.node), files[file].target == nil else { return }
      files[file].target = Array(step.reply?.message.dropFirst(16) ?? [])
    case .getxattr, .listxattr: readAttributes(step)
    case .read: readData(step)
    case .forget, .open, .write, .statfs, .release, .fsync, .setxattr, .removexattr, .flush,
      .`init`, .opendir, .releasedir, .fsyncdir, .getlk, .setlk, .setlkw, .access, .interrupt,
      .bmap, .destroy, .ioctl, .poll, .notifyReply, .batchForget, .fallocate, .lseek,
      .copyFileRange, .setupMapping, .removeMapping, .syncfs, .statx, .copyFileRange64, .cuseInit:
      break
    }
  }

  /// What an error tells: a name that is missing, or one that is in the way.
  private mutating func fail(_ step: Step) {
    guard let error = step.recordedError, let key = key(step) else {
      if step.opcode == .getxattr { missAttribute(step) }
      return
    }
    if step.opcode == .getxattr { return missAttribute(step) }
    guard step.opcode == .lookup || step.opcode?.changesNames == true else { return }
    switch error {
    case -2:
      if names[key] == nil { names[key] = .absent }
    case -17:
      if step.opcode != .rename, step.opcode != .rename2 { _ = expected(key, isDirectory: false) }
    case -39:
      if let file = expected(key, isDirectory: true) { files[file].isNotEmpty = true }
    case _: break
    }
  }

  private mutating func newFile(isInitial: Bool, type: UInt32) -> Int {
    files.append(InitialFile(isInitial: isInitial, type: type))
    return files.count - 1
  }

  /// The file that a name must have led to, which may be all that is known of it.
  private mutating func expected(_ key: NameKey, isDirectory: Bool) -> Int? {
    switch names[key] {
    case .present(let file): return file
    case .absent: return nil
    case nil:
      guard files[key.directory].isInitial else { return nil }
      let file = newFile(isInitial: true, type: isDirectory ? 0o040000 : 0o100000)
      entries[key] = file
      names[key] = .present(file)
      return file
    }
  }

  /// A name leads to an object.
  private mutating func saw(_ key: NameKey, _ attr: Attr, _ object: Int?) {
    let type = attr.mode & 0o170000
    let file: Int
    switch names[key] {
    case .present(let known): file = unified(known, key, attr)
    case .absent:
      unexplainedCount += 1
      file = newFile(isInitial: false, type: type)
    case nil:
      let known = byInode[attr.ino].flatMap { files[$0].isDirectory ? nil : $0 }
      let isInitial = files[key.directory].isInitial
      if !isInitial { unexplainedCount += 1 }
      file = known ?? newFile(isInitial: isInitial, type: type)
      if isInitial, files[file].isInitial { entries[key] = file }
    }
    names[key] = .present(file)
    if let object { fileOfObject[object] = file }
    observe(file, attr)
  }

  /// The file that a name leads to, of which little may be known but its name: now its inode number
  /// may tell that it is one that has another name, too.
  private mutating func unified(_ file: Int, _ key: NameKey, _ attr: Attr) -> Int {
    guard files[file].attr == nil, entries[key] == file, let other = byInode[attr.ino],
      !files[other].isDirectory, files[other].isInitial
    else { return file }
    entries[key] = other
    return other
  }

  /// What the session first sees of a file is what it was.
  private mutating func observe(_ file: Int, _ attr: Attr) {
    guard files[file].attr == nil else { return }
    files[file].attr = attr
    files[file].type = attr.mode & 0o170000
    byInode[attr.ino] = file
    guard files[file].isInitial, files[file].isRegular else { return }
    files[file].content = Extents(file: file, byteCount: attr.size)
    files[file].unknown = files[file].content
  }

  private mutating func made(_ step: Step) {
    guard let entry: EntryOut = step.answer(), entry.node.rawValue != 0 else { return }
    let key = step.opcode == .tmpfile ? nil : key(step)
    // CREATE opens what is there.
    if step.opcode == .create, let key, case .present(let file) = names[key] {
      if let object = step.produced { fileOfObject[object] = file }
      if (step.arguments(CreateIn.self)?.flags ?? 0) & openTruncates != 0 {
        files[file].content = Extents()
      }
      return
    }
    let file = newFile(isInitial: false, type: entry.attr.mode & 0o170000)
    files[file].attr = entry.attr
    byInode[entry.attr.ino] = file
    if let object = step.produced { fileOfObject[object] = file }
    if let key { names[key] = .present(file) }
  }

  private mutating func renamed(_ step: Step) {
    guard let from = key(step), let to = key(step, 1) else { return }
    let moved = expected(from, isDirectory: false)
    let flags = step.opcode == .rename2 ? step.arguments(Rename2In.self)?.flags ?? 0 : 0
    if flags & 2 != 0 {
      let other = expected(to, isDirectory: false)
      names[from] = other.map { .present($0) }
    } else {
      names[from] = .absent
    }
    names[to] = moved.map { .present($0) }
  }

  private mutating func listed(_ step: Step) {
    guard let directory = file(step.node) else { return }
    for entry in step.entries where !entry.isDotOrDotDot {
      let key = NameKey(directory: directory, name: entry.name)
      if let found = entry.entry {
        // The listing may have begun before the name went.
        if case .absent = names[key] { continue }
        saw(key, found.attr, entry.object)
      } else if let file = expected(key, isDirectory: entry.type == 4), files[file].attr == nil,
        entry.type != 0
      {
        files[file].type = entry.type << 12
      }
    }
  }
}
