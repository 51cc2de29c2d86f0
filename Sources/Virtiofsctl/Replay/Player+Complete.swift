internal import Frontend
internal import FuseProtocol
internal import Trace

// What a reply to a step brings.
extension Player {
  /// Compares a reply and takes note of what it brought.
  func complete(_ index: Int, _ reply: LiveReply, after duration: Duration) {
    let step = recording.steps[index]
    tickets[index] = nil
    result.readByteCount += reply.data.count
    record(index, step, duration)
    compare(index, step, reply)
    if !step.modified.isEmpty || step.opcode?.changesNames == true { live.change(step) }
    let waiting = followUps.count
    learn(index, step, reply)
    // Steps that need what follows wait until it has been done.
    if followUps.count == waiting || !mustWait(followUps[waiting...]) { finish(index) }
  }

  private func mustWait(_ list: ArraySlice<FollowUp>) -> Bool {
    list.contains { followUp in
      switch followUp {
      case .drain, .copy: true
      case .forget, .release: false
      }
    }
  }

  private func record(_ index: Int, _ step: Step, _ duration: Duration) {
    let live = Int(clamping: duration.nanoseconds)
    result.operations[step.header.opcode]?.live.record(nanoseconds: live)
    guard let reply = step.reply else { return }
    let recorded = reply.time >= step.request.time ? reply.time - step.request.time : 0
    result.operations[step.header.opcode]?.recorded.record(nanoseconds: Int(clamping: recorded))
  }

  private func compare(_ index: Int, _ step: Step, _ reply: LiveReply) {
    guard step.reply != nil, step.isAnswered else { return }
    let comparison = ReplyComparison(step, reply, standIns: recording.standIns(step.node))
    result.comparedCount += 1
    result.unknownByteCount += comparison.unknownByteCount
    if !comparison.differences.isEmpty { tell(comparison.differences, of: index) }
  }

  /// Counts a difference, and keeps it if it is among the first.
  func tell(_ fields: [FieldDifference], of index: Int) {
    let step = recording.steps[index]
    guard different.insert(index).inserted else {
      if result.differences.last?.step == index {
        result.differences[result.differences.count - 1].fields += fields
      }
      return
    }
    result.differentCount += 1
    result.operations[step.header.opcode, default: .init()].different += 1
    guard result.differences.count < options.mostDifferences else { return }
    let start = recording.startTime
    let time = step.request.time >= start ? step.request.time - start : 0
    result.differences.append(
      ReplayResult.Difference(step: index, time: time, request: words(index), fields: fields))
  }

  private func learn(_ index: Int, _ step: Step, _ reply: LiveReply) {
    guard let opcode = step.opcode, reply.hasSucceeded else { return }
    switch opcode {
    case .`init`:
      if let answer: InitOut = reply.answer() {
        live.agreed = InitFlags(flags: answer.flagsLow, flags2: answer.flagsHigh)
      }
    case .lookup, .mknod, .mkdir, .symlink, .link: learnEntry(index, step, reply)
    case .create, .tmpfile:
      learnEntry(index, step, reply)
      if let open: OpenOut = reply.answer(at: MemoryLayout<EntryOut>.size), let entry = reply.entry
      {
        learnHandle(step, open.handle, of: entry.node)
      }
    case .open, .opendir:
      if let open: OpenOut = reply.answer(), let object = step.node {
        learnHandle(step, open.handle, of: NodeID(rawValue: live.nodes[object]))
      }
    case .unlink, .rmdir:
      if let directory = step.node, let name = step.names.first {
        live.remove(NameKey(directory: directory, name: name))
      }
    case .rename, .rename2: learnRename(step)
    case .readdir, .readdirplus: learnEntries(index, step, reply)
    case .release: step.handle.map { live.handles[$0] = nil }
    case .releasedir:
      step.handle.map {
        live.handles[$0] = nil
        streams.close($0)
      }
    case .copyFileRange, .copyFileRange64: checkCopy(index, step, reply)
    case .forget, .getattr, .setattr, .readlink, .read, .write, .statfs, .fsync, .setxattr,
      .getxattr, .listxattr, .removexattr, .flush, .fsyncdir, .getlk, .setlk, .setlkw, .access,
      .interrupt, .bmap, .destroy, .ioctl, .poll, .notifyReply, .batchForget, .fallocate, .lseek,
      .setupMapping, .removeMapping, .syncfs, .statx, .cuseInit:
      break
    }
  }

  private func learnEntry(_ index: Int, _ step: Step, _ reply: LiveReply) {
    guard let entry = reply.entry else { return }
    guard let object = step.produced else { return followUps.append(.forget(entry.node, 1)) }
    learn(object, entry.node, of: index, key: step.names.first)
  }

  /// Takes note of an object's live node, which came with one lookup.
  ///
  /// - Parameter key: The name that led to it, in the step's directory.
  private func learn(_ object: Int, _ node: NodeID, of index: Int, key: [UInt8]?) {
    let step = recording.steps[index]
    unreachable.remove(object)
    if let key, let directory = step.node, step.opcode != .tmpfile {
      live.put(object, at: NameKey(directory: directory, name: key))
    }
    let known = live.nodes[object]
    if let other = live.other(than: object, at: node) {
      let numbers = [object, other].map { recording.objects[$0].node.rawValue }
      let difference = FieldDifference(
        field: "node", recorded: "\(numbers[0]), another than \(numbers[1])",
        live: "the same, \(node.rawValue)")
      tell([difference], of: index)
    }
    guard live.learn(object, is: node) else {
      let old = recording.objects[object].node.rawValue
      let difference = FieldDifference(
        field: "node", recorded: "\(old) again", live: "\(node.rawValue) after \(known)")
      tell([difference], of: index)
      return followUps.append(.forget(node, 1))
    }
    if live.isForgotten(object) { giveBack(object) }
  }

  /// Gives back a lookup that came after the guest had given back all.
  private func giveBack(_ object: Int) {
    let node = NodeID(rawValue: live.nodes[object])
    let count = live.forget(Step.Forgotten(object: object, lookups: 1, isLast: true))
    if count > 0 { followUps.append(.forget(node, count)) }
  }

  private func learnHandle(_ step: Step, _ number: UInt64, of node: NodeID) {
    guard let handle = step.producedHandle else {
      return followUps.append(.release(node, number, isDirectory: step.opcode == .opendir))
    }
    live.handles[handle] = number
  }

  private func learnRename(_ step: Step) {
    guard step.names.count == 2, let from = step.node, let to = step.otherNode else { return }
    let flags = step.opcode == .rename2 ? step.arguments(Rename2In.self)?.flags ?? 0 : 0
    live.move(
      NameKey(directory: from, name: step.names[0]),
      to: NameKey(directory: to, name: step.names[1]),
      isExchange: flags & 2 != 0)
  }

  private func checkCopy(_ index: Int, _ step: Step, _ reply: LiveReply) {
    let isWide = step.opcode == .copyFileRange64
    let recorded =
      isWide
      ? step.answer(CopyFileRangeOut.self)?.byteCount
      : step.answer(WriteOut.self).map { UInt64($0.byteCount) }
    let done =
      isWide
      ? reply.answer(CopyFileRangeOut.self)?.byteCount
      : reply.answer(WriteOut.self).map { UInt64($0.byteCount) }
    if let recorded, let done, done < recorded { followUps.append(.copy(index, done: done)) }
  }

  // MARK: Directories

  private func learnEntries(_ index: Int, _ step: Step, _ reply: LiveReply) {
    guard
      let entries = DirectoryRecord.all(
        in: reply.body, from: 0, isPlus: step.opcode == .readdirplus)
    else {
      let difference = FieldDifference(
        field: "entries", recorded: "\(step.entries.count)", live: "malformed")
      return tell([difference], of: index)
    }
    // Names that the guest knows by now can be looked up, even if they have not come live.
    for entry in step.entries {
      if let object = entry.object, let directory = step.node {
        live.put(object, at: NameKey(directory: directory, name: entry.name))
      }
    }
    learn(entries, of: index)
    if streams.take(entries, of: index, step) {
      followUps.append(.drain(index))
    } else {
      compareDirectory(index)
    }
  }

  /// Takes note of the nodes of entries that came live.
  func learn(_ entries: [DirectoryRecord], of index: Int) {
    guard let pass = recording.steps[index].pass else { return }
    for entry in entries {
      guard let found = entry.entry, !entry.isDotOrDotDot else { continue }
      if let place = recording.passes[pass].places[entry.name],
        let object = recording.steps[place.step].entries[place.entry].object
      {
        learn(object, found.node, of: index, key: nil)
      } else {
        followUps.append(.forget(found.node, 1))
      }
    }
  }

  /// Compares a directory if both sides have come to its end.
  func compareDirectory(_ index: Int) {
    let step = recording.steps[index]
    guard let pass = step.pass, step.hasSucceeded, step.entries.isEmpty else { return }
    let differences = streams.compare(pass, recording, live)
    if !differences.isEmpty { tell(differences, of: index) }
  }
}
