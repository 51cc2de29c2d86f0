internal import FuseProtocol

/// What the numbers of a capture are in the session that is being played.
struct LiveState {
  /// The live node of each object; 0 for one that is not known.
  private(set) var nodes: [UInt64]
  /// How many lookups of each object the back-end has given out and not got back.
  private(set) var lookups: [UInt64]
  /// The live handles; nil for one that is not open.
  var handles: [UInt64?]
  /// What INIT agreed on.
  var agreed = InitFlags(rawValue: 0)

  /// The file that each object is: the first object with its inode number.
  private let files: [Int]
  /// The object that took a lookup of each live node last.
  private var holders: [UInt64: Int] = [NodeID.root.rawValue: 0]
  /// Where each object was seen last.
  private var places: [NameKey?]
  /// What names lead to.
  private var names: [NameKey: Int] = [:]
  /// Objects that the guest has forgotten.
  private var forgotten: Set<Int> = []
  /// Counts changes: the moments that the two tables below hold.
  private(set) var clock = 1
  private var objectChanges: [Int: Int] = [:]
  private var nameChanges: [NameKey: Int] = [:]

  /// The state before the first request.
  init(_ recording: Recording) {
    nodes = Array(repeating: 0, count: recording.objects.count)
    nodes[0] = NodeID.root.rawValue
    lookups = Array(repeating: 0, count: recording.objects.count)
    places = recording.objects.map(\.place)
    files = recording.objects.enumerated().map { $1.identity ?? $0 }
    handles = Array(repeating: nil, count: recording.handles.count)
  }

  // MARK: Nodes

  /// Takes note of an object that a reply brought, with one lookup.
  ///
  /// - Returns: Whether it is the node that the object was already, if it was known.
  mutating func learn(_ object: Int, is node: NodeID) -> Bool {
    let known = nodes[object]
    guard known == 0 || known == node.rawValue || object != 0 && lookups[object] == 0 else {
      return false
    }
    nodes[object] = node.rawValue
    lookups[object] &+= 1
    return true
  }

  /// The live node is that of another object, too, which the guest still knows and which was
  /// another file in the capture; nil if there is none, or if that has been said.
  mutating func other(than object: Int, at node: NodeID) -> Int? {
    let holder = holders[node.rawValue]
    // Said once for as long as the guest knows the object.
    guard nodes[object] != node.rawValue || lookups[object] == 0 else { return nil }
    guard let holder, files[holder] != files[object], nodes[holder] == node.rawValue,
      holder == 0 || lookups[holder] > 0
    else {
      holders[node.rawValue] = object
      return nil
    }
    return holder
  }

  /// Whether the guest has given back all lookups of the object.
  func isForgotten(_ object: Int) -> Bool {
    forgotten.contains(object)
  }

  /// The guest gives back lookups.
  ///
  /// - Returns: How many to give back live: all that there are if the guest has none left, and
  ///   never so many that the back-end forgets a node that the guest still knows.
  mutating func forget(_ item: Step.Forgotten) -> UInt64 {
    guard item.object != 0, nodes[item.object] != 0 else { return 0 }
    let held = lookups[item.object]
    if item.isLast {
      forgotten.insert(item.object)
      lookups[item.object] = 0
      return held
    }
    let count = min(item.lookups, held > 0 ? held - 1 : 0)
    lookups[item.object] = held - count
    return count
  }

  // MARK: Names

  /// Where an object can be looked up.
  func place(_ object: Int) -> NameKey? {
    places[object]
  }

  /// A name leads to an object now.
  mutating func put(_ object: Int, at key: NameKey) {
    names[key] = object
    if object != 0 { places[object] = key }
  }

  /// A name is gone.
  mutating func remove(_ key: NameKey) {
    names[key] = nil
  }

  /// What `from` led to is `to` now, and the other way round if they were exchanged.
  mutating func move(_ from: NameKey, to: NameKey, isExchange: Bool) {
    let moved = names[from]
    let replaced = isExchange ? names[to] : nil
    names[from] = replaced
    names[to] = moved
    if let moved { places[moved] = to }
    if let replaced { places[replaced] = from }
  }

  // MARK: Changes

  /// Takes note that a step changes objects or names, when it is sent and when it has been done.
  mutating func change(_ step: Step) {
    clock += 1
    for object in step.modified { objectChanges[object] = clock }
    guard let opcode = step.opcode, let directory = step.node, opcode.changesNames else { return }
    for (index, name) in step.names.enumerated() {
      // The second name of a RENAME is one of the other directory; that of a SYMLINK is a target.
      let place = index == 0 ? directory : step.otherNode ?? directory
      nameChanges[NameKey(directory: place, name: name)] = clock
    }
  }

  /// Whether the object has changed since the moment `clock`.
  func hasChanged(_ object: Int, since moment: Int) -> Bool {
    (objectChanges[object] ?? 0) > moment
  }

  /// Whether the name has come, gone or changed since the moment `clock`.
  func hasChanged(_ key: NameKey, since moment: Int) -> Bool {
    (nameChanges[key] ?? 0) > moment
  }
}

extension Opcode {
  /// Whether it makes, moves or removes names.
  var changesNames: Bool {
    switch self {
    case .symlink, .mknod, .mkdir, .unlink, .rmdir, .rename, .rename2, .link, .create: true
    case .lookup, .forget, .getattr, .setattr, .readlink, .open, .read, .write, .statfs, .release,
      .fsync, .setxattr, .getxattr, .listxattr, .removexattr, .flush, .`init`, .opendir, .readdir,
      .releasedir, .fsyncdir, .getlk, .setlk, .setlkw, .access, .interrupt, .bmap, .destroy,
      .ioctl, .poll, .notifyReply, .batchForget, .fallocate, .readdirplus, .lseek,
      .copyFileRange, .setupMapping, .removeMapping, .syncfs, .tmpfile, .statx, .copyFileRange64,
      .cuseInit:
      false
    }
  }
}
