package import FuseProtocol

/// A FUSE client on one request queue: one method an operation, which waits for the reply.
///
/// Each throws `reply` with the error that the server answers. FORGET goes to the queue for
/// priority requests, as Linux sends it. One thread at a time; make one for each queue.
package final class FuseClient {
  /// Where requests go.
  package let queue: RequestQueue
  /// Where FORGET goes.
  package let priorityQueue: RequestQueue
  /// On whose behalf requests are made.
  package var uid: UInt32 = 0
  package var gid: UInt32 = 0
  /// What INIT settled.
  package private(set) var agreement = InitOut()

  /// What Linux 6.12 offers in INIT.
  package static let linuxFlags = InitFlags(rawValue: 0x1ff_7bff_fffb)

  /// A client on a device's request queue with that number, from 0.
  package init(_ device: GuestDevice, queue number: Int = 0) {
    queue = device.requestQueue(number)
    priorityQueue = device.queues[0]
  }

  /// Whether the server took the flag.
  package func hasAgreed(to flags: InitFlags) -> Bool {
    InitFlags(flags: agreement.flagsLow, flags2: agreement.flagsHigh).contains(flags)
  }

  /// Sends a request on behalf of `uid` and `gid`, and waits for its reply, which is no error.
  ///
  /// - Throws: `reply`, and what `RequestQueue.call` does.
  package func call(_ request: FuseRequest) throws(FrontEndError) -> FuseReply {
    var request = request
    request.uid = uid
    request.gid = gid
    return try queue.call(request).succeeded()
  }

  func emptyCall(_ request: FuseRequest) throws(FrontEndError) {
    let reply = try call(request)
    guard reply.body.isEmpty, reply.dataByteCount == 0 else {
      throw .violation(.replyBody(reply.body.count))
    }
  }

  // MARK: The session

  /// INIT, as Linux sends it.
  package func initialize(
    minor: UInt32 = 41, flags: InitFlags = linuxFlags
  ) throws(FrontEndError) -> InitOut {
    let arguments = InitIn(
      major: 7, minor: minor, maximumReadahead: 131072, flagsLow: flags.flags,
      flagsHigh: flags.flags2)
    agreement = try call(.initialize(arguments)).structure()
    return agreement
  }

  /// DESTROY.
  package func destroy() throws(FrontEndError) {
    try emptyCall(.destroy())
  }

  /// FORGET; returns when the device has taken it.
  package func forget(_ node: NodeID, lookups: UInt64 = 1) throws(FrontEndError) {
    try send(.forget(node, lookups: lookups))
  }

  /// BATCH_FORGET; returns when the device has taken it.
  package func batchForget(_ nodes: [ForgetOne]) throws(FrontEndError) {
    try send(.batchForget(nodes))
  }

  private func send(_ request: FuseRequest) throws(FrontEndError) {
    let reply = try priorityQueue.call(request)
    guard reply.usedByteCount == 0 else { throw .violation(.unexpectedReply) }
  }

  /// STATFS.
  package func statfs(_ node: NodeID = .root) throws(FrontEndError) -> KStatfs {
    try call(.statfs(node)).structure()
  }

  /// SYNCFS.
  package func syncfs(_ node: NodeID = .root) throws(FrontEndError) {
    try emptyCall(.syncfs(node))
  }

  // MARK: Attributes

  /// GETATTR.
  package func getattr(_ node: NodeID = .root) throws(FrontEndError) -> Attr {
    let reply: AttrOut = try call(.getattr(node)).structure()
    return reply.attr
  }

  /// SETATTR.
  package func setattr(
    _ node: NodeID, _ arguments: SetattrIn
  ) throws(FrontEndError) -> Attr {
    let reply: AttrOut = try call(.setattr(node, arguments)).structure()
    return reply.attr
  }

  /// ACCESS.
  package func access(_ node: NodeID, mask: UInt32) throws(FrontEndError) {
    try emptyCall(.access(node, mask: mask))
  }

  /// SETXATTR, with the structure that INIT agreed on.
  package func setxattr(
    _ node: NodeID, _ name: NameBytes, _ value: [UInt8], flags: UInt32 = 0
  ) throws(FrontEndError) {
    let isExtended = hasAgreed(to: .setxattrExtension)
    try emptyCall(.setxattr(node, name, value, flags: flags, isExtended: isExtended))
  }

  /// GETXATTR of at most `byteCount` bytes.
  package func getxattr(
    _ node: NodeID, _ name: NameBytes, byteCount: UInt32 = 65536
  ) throws(FrontEndError) -> [UInt8] {
    try call(.getxattr(node, name, byteCount: byteCount)).body
  }

  /// GETXATTR that asks for the length only.
  package func xattrByteCount(
    _ node: NodeID, _ name: NameBytes
  ) throws(FrontEndError) -> UInt32 {
    let reply: GetxattrOut = try call(.getxattr(node, name, byteCount: 0)).structure()
    return reply.byteCount
  }

  /// LISTXATTR: the names, each without its NUL.
  package func listxattr(
    _ node: NodeID, byteCount: UInt32 = 65536
  ) throws(FrontEndError) -> [NameBytes] {
    let body = try call(.listxattr(node, byteCount: byteCount)).body
    return body.split(separator: 0).map { NameBytes(Array($0)) }
  }

  /// REMOVEXATTR.
  package func removexattr(_ node: NodeID, _ name: NameBytes) throws(FrontEndError) {
    try emptyCall(.removexattr(node, name))
  }
}
