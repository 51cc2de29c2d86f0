internal import FuseProtocol
internal import Linux

extension Dispatcher {
  /// Does what the request asks for, and puts the reply together if that is all there is to do.
  ///
  /// What only the arguments tell is checked here: how much room the reply needs, how much data a
  /// WRITE has.
  ///
  /// - Throws: What the file system does.
  func execute(
    _ operation: borrowing Operation, _ header: InHeader, _ dataByteCount: Int,
    _ reply: inout ReplyBuffer
  ) throws(Errno) -> Outcome {
    let node = header.node
    switch operation {
    case .lookup(let name):
      if name.isDotOrDotDot, !session.flags.contains(.exportSupport) {
        return refuse(.dotLookup, &reply)
      }
      try reply.append(files.lookup(name, in: node))
    case .forget(let lookups):
      files.forget(node, lookups: lookups)
      return .noReply
    case .batchForget(let count, let records):
      forget(count, records)
      return .noReply
    case .getattr(let arguments): try reply.append(files.getattr(node, arguments))
    case .setattr(let arguments): try reply.append(files.setattr(node, arguments))
    case .readlink: try files.readlink(node, into: &reply)
    case .symlink(let name, let target, let creator):
      try reply.append(files.symlink(name, target: target, in: node, by: creator))
    case .mknod(let arguments, let name, let creator):
      try reply.append(files.mknod(arguments, name: name, in: node, by: creator))
    case .mkdir(let arguments, let name, let creator):
      try reply.append(files.mkdir(arguments, name: name, in: node, by: creator))
    case .unlink(let name): try files.unlink(name, in: node)
    case .rmdir(let name): try files.rmdir(name, in: node)
    case .rename(let name, let newName, let newParent, let flags, let creator):
      try files.rename(name, in: node, to: newName, in: newParent, flags: flags, by: creator)
    case .link(let arguments, let name):
      try reply.append(files.link(arguments.node, as: name, in: node))
    case .open(let arguments): try reply.append(files.open(node, arguments))
    case .read(let arguments):
      // A used element counts bytes in 32 bits, and the host's calls stop short of 2 GiB.
      guard arguments.byteCount <= Int32.max, Int(arguments.byteCount) <= reply.room else {
        return refuse(.replyTooSmall, &reply)
      }
      return .deferred(try files.read(node, arguments))
    case .write(let arguments):
      guard Int(arguments.byteCount) <= dataByteCount else { return refuse(.dataMissing, &reply) }
      return .deferred(try files.write(node, arguments))
    case .statfs: try reply.append(files.statfs(node))
    case .release(let arguments): try files.release(node, arguments)
    case .fsync(let arguments): return .deferred(try files.fsync(node, arguments))
    case .setxattr(let arguments, let name, let value):
      try files.setxattr(
        node, name: name, value: value, flags: arguments.flags,
        extendedFlags: arguments.extendedFlags)
    case .getxattr(let arguments, let name):
      guard restrict(&reply, to: arguments) else { return refuse(.replyTooSmall, &reply) }
      try files.getxattr(node, name: name, size: arguments.byteCount, into: &reply)
    case .listxattr(let arguments):
      guard restrict(&reply, to: arguments) else { return refuse(.replyTooSmall, &reply) }
      try files.listxattr(node, size: arguments.byteCount, into: &reply)
    case .removexattr(let name): try files.removexattr(node, name: name)
    case .flush(let arguments): try files.flush(node, arguments)
    case .initialize(let offer): try initialize(offer, &reply)
    case .opendir(let arguments): try reply.append(files.opendir(node, arguments))
    case .readdir(let arguments, let plus):
      reply.restrict(to: Int(arguments.byteCount))
      try files.readdir(node, arguments, plus: plus, into: &reply)
    case .releasedir(let arguments): try files.releasedir(node, arguments)
    case .fsyncdir(let arguments): return .deferred(try files.fsyncdir(node, arguments))
    case .access(let arguments):
      try files.access(node, arguments, uid: header.uid, gid: header.gid)
    case .create(let arguments, let name, let creator):
      try reply.append(files.create(arguments, name: name, in: node, by: creator))
    case .tmpfile(let arguments, let creator):
      try reply.append(files.tmpfile(arguments, in: node, by: creator))
    case .interrupt:
      // What can be waited for long is not interruptible on the host either.
      return .noReply
    case .destroy: session.end { files.end() }
    case .ioctl: throw .notTerminal
    case .fallocate(let arguments): return .deferred(try files.fallocate(node, arguments))
    case .lseek(let arguments): try reply.append(files.lseek(node, arguments))
    case .copyFileRange(let arguments, let wideReply):
      try copyFileRange(arguments, wideReply, node, &reply)
    case .syncfs: try files.syncfs(node)
    case .unserved: return refuseForGood(&reply)
    }
    reply.finish()
    return .replied
  }

  /// Lets a reply to GETXATTR or LISTXATTR be as long as asked for, and no longer.
  ///
  /// - Returns: Whether the client has room for that.
  private func restrict(_ reply: inout ReplyBuffer, to arguments: GetxattrIn) -> Bool {
    let size = arguments.byteCount
    let needed = size == 0 ? MemoryLayout<GetxattrOut>.size : Int(size)
    reply.restrict(to: needed)
    return reply.room == needed
  }

  private func forget(_ count: Int, _ records: RawSpan) {
    var records = WireReader(records)
    for _ in 0..<count {
      // Decoding has counted the records.
      guard let one = try? records.read(ForgetOne.self) else { return }
      files.forget(one.node, lookups: one.lookups)
    }
  }

  /// The most that one call copies, `MAX_RW_COUNT` of the host: it fits the narrow reply too.
  private static var maximumCopyByteCount: UInt64 { 0x7fff_f000 }

  private func copyFileRange(
    _ arguments: CopyFileRangeIn, _ wideReply: Bool, _ node: NodeID, _ reply: inout ReplyBuffer
  ) throws(Errno) {
    var arguments = arguments
    arguments.byteCount = min(arguments.byteCount, Self.maximumCopyByteCount)
    let copied = min(try files.copyFileRange(node, arguments), arguments.byteCount)
    if wideReply {
      try reply.append(CopyFileRangeOut(byteCount: copied))
    } else {
      try reply.append(WriteOut(byteCount: UInt32(clamping: copied)))
    }
  }

  /// INIT: begins a session, and thereby ends the one before.
  private func initialize(_ offer: InitIn, _ reply: inout ReplyBuffer) throws(Errno) {
    let negotiation = try Negotiation(offer, files.sessionPreferences)
    if let agreement = negotiation.agreement {
      session.begin(agreement) { files.begin(agreement) }
    }
    try reply.append(negotiation.reply)
  }
}
