internal import Frontend
internal import FuseProtocol
internal import Trace

extension Player {
  /// The longest file data, and the longest reply, that are played: what the largest real requests
  /// have, and a bound for what a capture that was made up may ask for.
  static let mostBytes = 4 << 20
  private static let headerByteCount = MemoryLayout<InHeader>.size

  /// A request as it is to be sent.
  struct Translation {
    var request: FuseRequest
    var data: [UInt8] = []
    var room = 0
  }

  /// Sends a step's request, or takes note of why it cannot be sent.
  func send(_ index: Int) throws(ToolError) {
    let step = recording.steps[index]
    var translation: Translation
    do throws(OmissionError) {
      translation = try translate(index, step)
    } catch {
      if let failure = error.failure { throw failure }
      if let omission = error.omission { omit(index, omission) }
      return
    }
    translation.request.uid = step.header.uid
    translation.request.gid = step.header.gid
    translation.request.pid = step.header.pid
    translation.request.extensionWordCount = step.header.extensionWordCount
    if !step.modified.isEmpty || step.opcode?.changesNames == true { live.change(step) }
    let ticket = try submit(
      translation.request, .step(index), queue: liveQueue(step.request.vring),
      data: translation.data, room: translation.room)
    if step.isAnswered { tickets[index] = ticket }
    result.sentCount += 1
    result.operations[step.header.opcode, default: .init()].sent += 1
  }

  /// The live queue for a vring of the capture.
  private func liveQueue(_ vring: UInt16) -> Int {
    guard vring > 0 else { return 0 }
    return 1 + (Int(vring) - 1) % max(1, device.queues.count - 1)
  }

  private func omit(_ index: Int, _ omission: ReplayResult.Omission) {
    result.omissions[omission, default: 0] += 1
    if !omission.isHarmless {
      let difference = FieldDifference(
        field: "request", recorded: "sent", live: "not sent: \(omission.rawValue)")
      tell([difference], of: index)
    }
    finish(index)
  }

  /// Why a request is not sent: there is a reason, or the play is over.
  struct OmissionError: Error {
    var omission: ReplayResult.Omission?
    var failure: ToolError?

    init(_ omission: ReplayResult.Omission) { self.omission = omission }
    init(_ failure: ToolError) { self.failure = failure }
  }

  private func translate(
    _ index: Int, _ step: Step
  ) throws(OmissionError) -> Translation {
    guard step.request.writableByteCount <= Self.mostBytes + 4096,
      step.request.dataByteCount <= Self.mostBytes, step.request.message.count <= Self.mostBytes
    else { throw OmissionError(.tooLarge) }
    var arguments = Array(step.request.message[Self.headerByteCount...])
    let node = try liveNode(index, step)
    if step.otherNode != nil || step.layout.otherNode != nil {
      let other = try liveNode(of: step.otherNode)
      arguments.setWire(other, at: step.layout.otherNode ?? 0)
    }
    if let handle = step.handle, let offset = step.layout.handle {
      arguments.setWire(try liveHandle(handle), at: offset)
    }
    if let handle = step.otherHandle, let offset = step.layout.otherHandle {
      arguments.setWire(try liveHandle(handle), at: offset)
    }
    try translateSpecial(step, &arguments)
    var request = FuseRequest(
      opcode: step.header.opcode, node: node, arguments: arguments, replyByteCount: nil)
    var room = 0
    if step.isAnswered {
      let count = Int(step.request.writableByteCount) - MemoryLayout<OutHeader>.size
      room = step.opcode == .read ? count : 0
      request.replyByteCount = count - room
    }
    return Translation(request: request, data: data(of: step), room: room)
  }

  /// The data of a WRITE; what the capture cut off is filled up.
  private func data(of step: Step) -> [UInt8] {
    let request = step.request
    guard request.isDataCut else { return request.data }
    let offset = step.arguments(WriteIn.self)?.offset ?? 0
    let missing = Int(request.dataByteCount) - request.data.count
    return request.data
      + Filler.bytes(at: offset &+ UInt64(request.data.count), count: missing)
  }

  private func liveNode(_ index: Int, _ step: Step) throws(OmissionError) -> NodeID {
    if step.opcode == .forget { return NodeID(rawValue: step.node.map { live.nodes[$0] } ?? 0) }
    guard let object = step.node else { return step.header.node }
    return try liveNode(of: object)
  }

  private func liveNode(of object: Int?) throws(OmissionError) -> NodeID {
    guard let object else { return NodeID(rawValue: 0) }
    let found: NodeID?
    do throws(ToolError) {
      found = try find(object)
    } catch {
      throw OmissionError(error)
    }
    guard let found else { throw OmissionError(.unknownNode) }
    return found
  }

  private func liveHandle(_ handle: Int) throws(OmissionError) -> UInt64 {
    if let number = live.handles[handle] { return number }
    let recorded = recording.handles[handle]
    // A server that wants to hear of no OPEN has all its files under this number.
    guard recorded.definer == nil, recorded.number == 0, recording.droppedCount == 0 else {
      throw OmissionError(.unknownHandle)
    }
    return 0
  }

  private func translateSpecial(
    _ step: Step, _ arguments: inout [UInt8]
  ) throws(OmissionError) {
    guard let opcode = step.opcode else { return }
    switch opcode {
    case .forget:
      let count = step.forgotten.first.map { live.forget($0) } ?? 0
      guard count > 0 else { throw OmissionError(.notNeeded) }
      arguments.setWire(count, at: 0)
    case .batchForget: arguments = try batchForget(step)
    case .interrupt:
      guard let interrupted = step.interrupted, let ticket = tickets[interrupted] else {
        throw OmissionError(.interruptedIsOver)
      }
      arguments.setWire(ticket, at: 0)
    case .readdir, .readdirplus:
      guard let handle = step.handle, let pass = step.pass, let old: UInt64 = arguments.wire(at: 8)
      else { return }
      guard
        let offset = streams.translate(old, of: handle, pass: pass, now: live.clock)
      else { throw OmissionError(.unknownOffset) }
      arguments.setWire(offset, at: 8)
    case .setxattr: arguments = setxattrArguments(step, arguments)
    case .mknod, .mkdir, .create, .tmpfile: applyMask(step, &arguments)
    case .lookup, .getattr, .setattr, .readlink, .symlink, .unlink, .rmdir, .rename, .link, .open,
      .read, .write, .statfs, .release, .fsync, .getxattr, .listxattr, .removexattr, .flush,
      .`init`, .opendir, .releasedir, .fsyncdir, .getlk, .setlk, .setlkw, .access, .bmap, .destroy,
      .ioctl, .poll, .notifyReply, .fallocate, .rename2, .lseek, .copyFileRange, .setupMapping,
      .removeMapping, .syncfs, .statx, .copyFileRange64, .cuseInit:
      break
    }
  }

  /// Masks the mode where the server would not: as a guest does that has no DONT_MASK.
  private func applyMask(_ step: Step, _ arguments: inout [UInt8]) {
    guard !live.agreed.contains(.dontMask) else { return }
    // MKDIR: mode, umask. MKNOD: mode, rdev, umask. CREATE and TMPFILE: flags, mode, umask.
    let isCreate = step.opcode == .create || step.opcode == .tmpfile
    let mode = isCreate ? 4 : 0
    let mask = step.opcode == .mkdir ? 4 : 8
    guard let wanted: UInt32 = arguments.wire(at: mode),
      let masked: UInt32 = arguments.wire(at: mask)
    else { return }
    arguments.setWire(wanted & ~masked, at: mode)
  }

  private func batchForget(_ step: Step) throws(OmissionError) -> [UInt8] {
    var records: [ForgetOne] = []
    for item in step.forgotten {
      let node = NodeID(rawValue: live.nodes[item.object])
      let count = live.forget(item)
      if count > 0 { records.append(ForgetOne(node: node, lookups: count)) }
    }
    guard !records.isEmpty else { throw OmissionError(.notNeeded) }
    return FuseRequest.batchForget(records).arguments
  }

  /// SETXATTR with the structure that this session agreed on.
  private func setxattrArguments(_ step: Step, _ arguments: [UInt8]) -> [UInt8] {
    let isExtended = live.agreed.contains(.setxattrExtension)
    guard isExtended != step.isSetxattrExtended else { return arguments }
    let compatCount = MemoryLayout<SetxattrInCompat>.size
    let extendedCount = MemoryLayout<SetxattrIn>.size
    guard arguments.count >= step.layout.structureByteCount else { return arguments }
    if isExtended {
      let padding = [UInt8](repeating: 0, count: extendedCount - compatCount)
      return arguments[..<compatCount] + padding + arguments[compatCount...]
    }
    return Array(arguments[..<compatCount] + arguments[extendedCount...])
  }
}
