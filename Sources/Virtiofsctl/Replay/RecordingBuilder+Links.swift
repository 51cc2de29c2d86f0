internal import FuseProtocol
internal import Trace

// What a request names when it is sent, and what its reply tells.
extension RecordingBuilder {
  /// Finds the objects and handles that a request names.
  mutating func link(_ step: inout Step) {
    let message = step.request.message
    let start = MemoryLayout<InHeader>.size
    var position = start + step.layout.structureByteCount
    for _ in 0..<step.layout.nameCount {
      guard let name = message.name(at: position) else { break }
      step.names.append(name)
      position += name.count + 1
    }
    step.node = object(step.header.node)
    if let offset = step.layout.otherNode, let node: NodeID = message.wire(at: start + offset) {
      step.otherNode = object(node)
    }
    linkHandles(&step)
    linkSpecial(&step)
    step.modified = objectsModified(by: step)
    if step.opcode == .release || step.opcode == .releasedir, let handle: UInt64 = step.arguments()
    {
      if step.layout.isDirectory {
        directoryHandles[handle] = nil
      } else {
        fileHandles[handle] = nil
      }
    }
  }

  private mutating func linkHandles(_ step: inout Step) {
    let message = step.request.message
    let start = MemoryLayout<InHeader>.size
    if let offset = step.layout.handle, let number: UInt64 = message.wire(at: start + offset) {
      let flags: UInt32 = message.wire(at: start) ?? 0
      let mask = step.layout.handleMask
      if mask == 0 || flags & mask != 0 {
        step.handle = handle(number, isDirectory: step.layout.isDirectory, of: step.node)
      }
    }
    if let offset = step.layout.otherHandle,
      let number: UInt64 = message.wire(at: start + offset)
    {
      step.otherHandle = handle(number, isDirectory: false, of: step.otherNode)
    }
  }

  private mutating func linkSpecial(_ step: inout Step) {
    guard let opcode = step.opcode else { return }
    switch opcode {
    case .forget:
      if let object = step.node, let arguments: ForgetIn = step.arguments() {
        step.forgotten = [forget(object, arguments.lookups)]
      }
    case .batchForget:
      step.forgotten = batchForgotten(step)
    case .interrupt:
      if let arguments: InterruptIn = step.arguments() {
        step.interrupted = self.step(unique: arguments.unique)
      }
    case .readdir, .readdirplus:
      guard let handle = step.handle, let arguments: ReadIn = step.arguments() else { return }
      if arguments.offset == 0 || currentPass[handle] == nil {
        currentPass[handle] = recording.passes.count
        recording.passes.append(DirectoryPass(directory: step.node))
      }
      step.pass = currentPass[handle]
    case .lookup, .getattr, .setattr, .readlink, .symlink, .mknod, .mkdir, .unlink, .rmdir,
      .rename, .link, .open, .read, .write, .statfs, .release, .fsync, .setxattr, .getxattr,
      .listxattr, .removexattr, .flush, .`init`, .opendir, .releasedir, .fsyncdir, .getlk, .setlk,
      .setlkw, .access, .create, .bmap, .destroy, .ioctl, .poll, .notifyReply, .fallocate, .rename2,
      .lseek, .copyFileRange, .setupMapping, .removeMapping, .syncfs, .tmpfile, .statx,
      .copyFileRange64, .cuseInit:
      break
    }
  }

  private mutating func batchForgotten(_ step: Step) -> [Step.Forgotten] {
    guard let arguments: BatchForgetIn = step.arguments() else { return [] }
    var result: [Step.Forgotten] = []
    var offset = MemoryLayout<InHeader>.size + MemoryLayout<BatchForgetIn>.size
    for _ in 0..<arguments.count {
      guard let one: ForgetOne = step.request.message.wire(at: offset) else { break }
      offset += MemoryLayout<ForgetOne>.size
      if let object = object(one.node) { result.append(forget(object, one.lookups)) }
    }
    return result
  }

  private mutating func forget(_ object: Int, _ lookups: UInt64) -> Step.Forgotten {
    let known = recording.objects[object].lookups
    let left = known > lookups ? known - lookups : 0
    recording.objects[object].lookups = left
    let isLast = left == 0 && object != 0
    if isLast {
      let number = recording.objects[object].node.rawValue
      if nodes[number] == object { nodes[number] = nil }
    }
    return Step.Forgotten(object: object, lookups: lookups, isLast: isLast)
  }

  /// The object that a number means now; a number that the capture did not explain gets one, too.
  private mutating func object(_ node: NodeID) -> Int? {
    guard node.rawValue != 0 else { return nil }
    if let known = nodes[node.rawValue] { return known }
    return newObject(node, at: nil, definer: nil)
  }

  private mutating func newObject(_ node: NodeID, at place: NameKey?, definer: Int?) -> Int {
    let index = recording.objects.count
    recording.objects.append(RecordedObject(node: node, place: place, definer: definer))
    nodes[node.rawValue] = index
    return index
  }

  private mutating func handle(_ number: UInt64, isDirectory: Bool, of object: Int?) -> Int {
    if let known = isDirectory ? directoryHandles[number] : fileHandles[number] { return known }
    return newHandle(number, isDirectory: isDirectory, of: object, definer: nil)
  }

  private mutating func newHandle(
    _ number: UInt64, isDirectory: Bool, of object: Int?, definer: Int?
  ) -> Int {
    let index = recording.handles.count
    recording.handles.append(RecordedHandle(number: number, object: object, definer: definer))
    if isDirectory {
      directoryHandles[number] = index
    } else {
      fileHandles[number] = index
    }
    return index
  }

  /// The name that a step is about, the first or the second of its names.
  func key(_ step: Step, _ index: Int = 0, in directory: Int?) -> NameKey? {
    guard let directory, index < step.names.count else { return nil }
    return NameKey(directory: directory, name: step.names[index])
  }
}

// What a reply tells.
extension RecordingBuilder {
  /// Takes note of what the reply of a step brought.
  mutating func learn(_ index: Int) {
    let step = recording.steps[index]
    guard step.hasSucceeded, let opcode = step.opcode else { return }
    switch opcode {
    case .`init`:
      guard let answer: InitOut = step.answer() else { return }
      agreed = InitFlags(flags: answer.flagsLow, flags2: answer.flagsHigh)
    case .lookup, .mknod, .mkdir, .symlink, .link:
      learnEntry(index, at: key(step, in: step.node))
    case .create:
      learnEntry(index, at: key(step, in: step.node))
      learnHandle(index, of: recording.steps[index].produced, at: MemoryLayout<EntryOut>.size)
    case .tmpfile:
      learnEntry(index, at: nil)
      learnHandle(index, of: recording.steps[index].produced, at: MemoryLayout<EntryOut>.size)
    case .open, .opendir: learnHandle(index, of: step.node, at: 0)
    case .readdir, .readdirplus: learnEntries(index, isPlus: opcode == .readdirplus)
    case .unlink, .rmdir: key(step, in: step.node).map { names[$0] = nil }
    case .rename, .rename2: learnRename(step)
    case .getattr, .setattr: learnTimes(index)
    case .forget, .readlink, .read, .write, .statfs, .release, .fsync, .setxattr, .getxattr,
      .listxattr, .removexattr, .flush, .releasedir, .fsyncdir, .getlk, .setlk, .setlkw, .access,
      .interrupt, .bmap, .destroy, .ioctl, .poll, .notifyReply, .batchForget, .fallocate, .lseek,
      .copyFileRange, .setupMapping, .removeMapping, .syncfs, .statx, .copyFileRange64, .cuseInit:
      break
    }
  }

  private mutating func learnEntry(_ index: Int, at place: NameKey?) {
    guard let entry: EntryOut = recording.steps[index].answer(),
      let object = produce(entry, at: place, by: index)
    else { return }
    recording.steps[index].produced = object
    checkTime(index, object, entry.attr)
  }

  /// The object that an entry names, which has one lookup more now; nil if it names none.
  private mutating func produce(_ entry: EntryOut, at place: NameKey?, by step: Int) -> Int? {
    guard entry.node.rawValue != 0 else { return nil }
    let object: Int
    if let known = nodes[entry.node.rawValue] {
      object = known
      if known != 0, recording.objects[known].place == nil {
        recording.objects[known].place = place
      }
      if recording.objects[known].definer == nil { recording.objects[known].definer = step }
    } else {
      object = newObject(entry.node, at: place, definer: step)
      recording.objects[object].identity = byInode[entry.attr.ino]
      if byInode[entry.attr.ino] == nil {
        byInode[entry.attr.ino] = object
        sawFirst(object, entry.attr)
      }
    }
    recording.objects[object].lookups &+= 1
    if let place { names[place] = object }
    return object
  }

  /// Takes note of how much of a file there was when it was first heard of.
  private mutating func sawFirst(_ object: Int, _ attr: Attr) {
    guard attr.mode & 0o170000 == 0o100000 else { return }
    let (sum, overflows) = recording.firstByteCount.addingReportingOverflow(attr.size)
    recording.firstByteCount = overflows ? .max : sum
    if attr.blocks < attr.size / 512 || attr.size > ShareBuilder.mostFillerPerFile {
      recording.sparseObjects.insert(object)
    }
  }

  private mutating func learnHandle(_ index: Int, of object: Int?, at offset: Int) {
    let step = recording.steps[index]
    let start = MemoryLayout<OutHeader>.size + offset
    guard let answer: OpenOut = step.reply?.message.wire(at: start) else { return }
    recording.steps[index].producedHandle = newHandle(
      answer.handle, isDirectory: step.opcode == .opendir, of: object, definer: index)
  }

  private mutating func learnEntries(_ index: Int, isPlus: Bool) {
    let step = recording.steps[index]
    guard let message = step.reply?.message, let directory = step.node, let pass = step.pass,
      var entries = DirectoryRecord.all(
        in: message, from: MemoryLayout<OutHeader>.size, isPlus: isPlus)
    else { return }
    for place in entries.indices {
      let entry = entries[place]
      recording.passes[pass].places[entry.name] = (index, place)
      guard let found = entry.entry, !entry.isDotOrDotDot else { continue }
      let key = NameKey(directory: directory, name: entry.name)
      entries[place].object = produce(found, at: key, by: index)
    }
    if entries.isEmpty { recording.passes[pass].isComplete = true }
    recording.steps[index].entries = entries
  }

  private mutating func learnRename(_ step: Step) {
    guard let from = key(step, in: step.node), let to = key(step, 1, in: step.otherNode) else {
      return
    }
    let moved = names[from]
    let isExchange =
      step.opcode == .rename2 && (step.arguments(Rename2In.self)?.flags ?? 0) & 2 != 0
    names[from] = isExchange ? names[to] : nil
    names[to] = moved
  }

  private mutating func learnTimes(_ index: Int) {
    let step = recording.steps[index]
    guard let object = step.node, let answer: AttrOut = step.answer() else { return }
    if step.opcode == .setattr, let arguments: SetattrIn = step.arguments(),
      arguments.valid.contains(.mtime)
    {
      setTimes[object] =
        arguments.valid.contains(.mtimeNow)
        ? nil : (arguments.mtime, arguments.mtimeNanoseconds)
    }
    checkTime(index, object, answer.attr)
  }

  private mutating func checkTime(_ index: Int, _ object: Int, _ attr: Attr) {
    guard let set = setTimes[object] else { return }
    recording.steps[index].comparesModificationTime = set == (attr.mtime, attr.mtimeNanoseconds)
  }
}
