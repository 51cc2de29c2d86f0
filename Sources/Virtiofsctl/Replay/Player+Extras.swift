internal import Frontend
internal import FuseProtocol
internal import Trace

// Requests beside those of the capture.
extension Player {
  /// How deep a name may lie.
  private static let mostLevels = 4096
  /// How many more entries a directory may have than the recorded one gave.
  private static let mostExtraEntries = 2_000_000

  /// INIT, for a capture that does not begin with it.
  func beginSession() throws(ToolError) {
    let flags = FuseClient.linuxFlags
    let arguments = InitIn(
      major: 7, minor: 41, maximumReadahead: 131_072, flagsLow: flags.flags,
      flagsHigh: flags.flags2)
    let reply = try call(.initialize(arguments))
    guard let answer: InitOut = reply.answer() else {
      throw .failure(
        "the back-end refuses INIT: \(ReplyComparison.words(reply.error ?? 0))")
    }
    live.agreed = InitFlags(flags: answer.flagsLow, flags2: answer.flagsHigh)
  }

  /// Sends a request beside those of the capture and waits for its reply.
  private func call(_ request: FuseRequest) throws(ToolError) -> LiveReply {
    result.extraRequestCount += 1
    let ticket = try submit(request, .extra, queue: 1)
    while true {
      if let reply = extraReplies.removeValue(forKey: ticket) { return reply }
      try collect()
    }
  }

  /// The live node of an object; one that has not come up is looked up.
  ///
  /// - Returns: Nil if it cannot be found.
  func find(_ object: Int) throws(ToolError) -> NodeID? {
    var missing: [Int] = []
    var current = object
    while !isKnown(current) {
      guard missing.count < Self.mostLevels, !unreachable.contains(current),
        let place = live.place(current)
      else { return nil }
      missing.append(current)
      current = place.directory
    }
    for object in missing.reversed() {
      // What was in flight may have brought it meanwhile.
      if isKnown(object) { continue }
      guard let place = live.place(object), try lookUp(object, at: place) else {
        unreachable.insert(object)
        return nil
      }
    }
    return NodeID(rawValue: live.nodes[object])
  }

  private func isKnown(_ object: Int) -> Bool {
    live.nodes[object] != 0 && (object == 0 || live.lookups[object] > 0)
  }

  private func lookUp(_ object: Int, at place: NameKey) throws(ToolError) -> Bool {
    guard !place.name.isEmpty, place.name.count <= 4096 else { return false }
    result.extraLookupCount += 1
    result.extraRequestCount -= 1
    let parent = NodeID(rawValue: live.nodes[place.directory])
    guard let entry = try call(.lookup(NameBytes(place.name), in: parent)).entry else {
      return false
    }
    // The capture's guest did not ask for this: nothing is said, but that the object is here.
    _ = live.other(than: object, at: entry.node)
    return live.learn(object, is: entry.node)
  }

  /// Does what the replies so far have made necessary.
  func runFollowUps() throws(ToolError) {
    while !followUps.isEmpty {
      let list = followUps
      followUps = []
      for followUp in list {
        switch followUp {
        case .drain(let index): try drain(index)
        case .copy(let index, let done): try copyRest(index, after: done)
        case .forget(let node, let lookups):
          result.extraRequestCount += 1
          try submit(.forget(node, lookups: lookups), .ignored, queue: 0)
        case .release(let node, let handle, let isDirectory):
          let request =
            isDirectory
            ? FuseRequest.releasedir(node, handle: handle)
            : FuseRequest.release(node, handle: handle)
          result.extraRequestCount += 1
          try submit(request, .ignored, queue: 1)
        }
      }
    }
  }

  /// Reads a directory on to its end, where the recorded one was.
  private func drain(_ index: Int) throws(ToolError) {
    let step = recording.steps[index]
    defer { finish(index) }
    guard let handle = step.handle, let number = live.handles[handle], let pass = step.pass,
      let node = step.node.map({ NodeID(rawValue: live.nodes[$0]) })
    else { return }
    let isPlus = step.opcode == .readdirplus
    let room = min(max(4096, Int(step.request.writableByteCount) - 16), 1 << 20)
    var count = 0
    while count < Self.mostExtraEntries {
      let offset = streams.lastOffset(handle)
      let request =
        isPlus
        ? FuseRequest.readdirplus(node, handle: number, offset: offset, byteCount: room)
        : FuseRequest.readdir(node, handle: number, offset: offset, byteCount: room)
      let reply = try call(request)
      guard reply.hasSucceeded,
        let entries = DirectoryRecord.all(in: reply.body, from: 0, isPlus: isPlus)
      else { break }
      learn(entries, of: index)
      streams.take(more: entries, through: handle, of: pass)
      if entries.isEmpty { break }
      count += entries.count
    }
    compareDirectory(index)
  }

  /// Copies what the recorded back-end copied and this one did not.
  private func copyRest(_ index: Int, after done: UInt64) throws(ToolError) {
    let step = recording.steps[index]
    defer { finish(index) }
    let isWide = step.opcode == .copyFileRange64
    let wanted =
      isWide
      ? step.answer(CopyFileRangeOut.self)?.byteCount ?? 0
      : UInt64(step.answer(WriteOut.self)?.byteCount ?? 0)
    guard var arguments: CopyFileRangeIn = step.arguments(), let source = step.node,
      let target = step.otherNode, let from = step.handle.flatMap({ live.handles[$0] }),
      let to = step.otherHandle.flatMap({ live.handles[$0] })
    else { return }
    arguments.sourceHandle = from
    arguments.destinationHandle = to
    arguments.destinationNode = NodeID(rawValue: live.nodes[target])
    var copied = done
    let start = (arguments.sourceOffset, arguments.destinationOffset)
    while copied < wanted {
      arguments.sourceOffset = start.0 &+ copied
      arguments.destinationOffset = start.1 &+ copied
      arguments.byteCount = wanted - copied
      let node = NodeID(rawValue: live.nodes[source])
      let reply = try call(.copyFileRange(node, arguments))
      guard let more = reply.answer(WriteOut.self)?.byteCount, more > 0 else {
        let difference = FieldDifference(
          field: "size", recorded: "\(wanted)", live: "\(copied)")
        return tell([difference], of: index)
      }
      copied &+= UInt64(more)
    }
  }
}
