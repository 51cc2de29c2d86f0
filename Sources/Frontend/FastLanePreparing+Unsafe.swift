internal import FuseProtocol
internal import Linux

extension FastLane {
  // SAFETY, for all below: slots and requests are checked against the counts that `init` allocated
  // for, offsets against the request's own memory; the ring's parts are as long as the ring.

  /// Lays a request out: header, arguments, data, and the room for the reply.
  ///
  /// - Parameters:
  ///   - isExact: Whether a reply without an error fills its room.
  ///   - segmentByteCount: Into what pieces data is cut, as a driver hands over pages.
  /// - Returns: The request's number.
  /// - Throws: `outOfGuestMemory`.
  package func prepare(
    _ request: FuseRequest, isExact: Bool = true, segmentByteCount: Int = 4096
  ) throws(FrontEndError) -> Int {
    let number = unsafe state.pointee.requestCount
    guard number < capacity else { throw .outOfGuestMemory }
    let headerCount = MemoryLayout<InHeader>.size
    let body = try allocate(headerCount + request.arguments.count)
    region.store(request.header(unique: 0), at: body.address)
    region.store(bytes: request.arguments.rawBytes, at: body.address + headerCount)
    var segments = [
      ChainSegment.readable(body.part(from: 0, byteCount: headerCount)),
      ChainSegment.readable(body.part(from: headerCount)),
    ]
    for buffer in request.data {
      segments += buffer.pieces(of: segmentByteCount).map { .readable($0) }
    }
    var prepared = unsafe PreparedRequest(
      body: region.pointer(to: body.address, byteCount: body.byteCount),
      bodyByteCount: body.byteCount)
    if let replyByteCount = request.replyByteCount {
      let outCount = MemoryLayout<OutHeader>.size
      let reply = try allocate(outCount + replyByteCount)
      unsafe prepared.reply = region.pointer(to: reply.address, byteCount: reply.byteCount)
      unsafe prepared.replyByteCount = reply.byteCount
      segments += [
        .writable(reply.part(from: 0, byteCount: outCount)), .writable(reply.part(from: outCount)),
      ]
      for buffer in request.replyData {
        segments += buffer.pieces(of: segmentByteCount).map { .writable($0) }
      }
    }
    if let data = request.data.first ?? request.replyData.first {
      unsafe prepared.data = region.pointer(to: data.address, byteCount: data.byteCount)
      unsafe prepared.dataByteCount = data.byteCount
    }
    segments.removeAll { $0.buffer.byteCount == 0 }
    unsafe try layOut(segments, in: &prepared)
    unsafe prepared.isExact = isExact
    unsafe (requests + number).initialize(to: prepared)
    unsafe state.pointee.requestCount += 1
    return number
  }

  /// Takes guest memory that goes back with the lane; pages that are there already.
  ///
  /// - Throws: `outOfGuestMemory`.
  package func allocate(_ byteCount: Int) throws(FrontEndError) -> GuestBuffer {
    let buffer = try arena.allocate(max(byteCount, 64))
    buffers.append(buffer)
    region.fill(buffer, with: 0)
    return GuestBuffer(address: buffer.address, byteCount: byteCount)
  }

  private func layOut(
    _ segments: [ChainSegment], in prepared: inout PreparedRequest
  ) throws(FrontEndError) {
    guard segments.count <= Int(ring.memory.size) else { throw .ringFull }
    let table = try allocate(16 * segments.count)
    for (index, segment) in segments.enumerated() {
      var descriptor = segment.descriptor
      if index + 1 < segments.count {
        descriptor.flags |= RingDescriptor.nextFlag
        descriptor.next = UInt16(truncatingIfNeeded: index + 1)
      }
      region.store(descriptor, at: table.address + 16 * index)
      if segment.isDeviceWritable {
        unsafe prepared.roomByteCount += segment.buffer.byteCount
      }
    }
    unsafe prepared.table = RingDescriptor(
      address: table.address.rawValue, byteCount: UInt32(16 * segments.count),
      flags: RingDescriptor.indirectFlag)
  }

  /// Stores eight bytes of a request, `offset` bytes into its header and arguments.
  @inline(__always)
  package func store(_ value: UInt64, at offset: Int, of request: Int) {
    let prepared = unsafe pointer(to: request)
    precondition(unsafe offset >= 0 && offset <= prepared.pointee.bodyByteCount - 8)
    unsafe prepared.pointee.body.storeBytes(of: value, toByteOffset: offset, as: UInt64.self)
  }

  /// Eight bytes of a reply, `offset` bytes from the start of its header.
  @inline(__always)
  package func load64(_ request: Int, at offset: Int) -> UInt64 {
    let prepared = unsafe pointer(to: request)
    guard let reply = unsafe prepared.pointee.reply else { return 0 }
    precondition(unsafe offset >= 0 && offset <= prepared.pointee.replyByteCount - 8)
    return unsafe reply.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
  }

  /// Eight bytes of a request's data.
  @inline(__always)
  package func data64(_ request: Int, at offset: Int) -> UInt64 {
    let prepared = unsafe pointer(to: request)
    guard let data = unsafe prepared.pointee.data else { return 0 }
    precondition(unsafe offset >= 0 && offset <= prepared.pointee.dataByteCount - 8)
    return unsafe data.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
  }

  /// Stores eight bytes of a request's data.
  @inline(__always)
  package func storeData(_ value: UInt64, at offset: Int, of request: Int) {
    let prepared = unsafe pointer(to: request)
    guard let data = unsafe prepared.pointee.data else { return }
    precondition(unsafe offset >= 0 && offset <= prepared.pointee.dataByteCount - 8)
    unsafe data.storeBytes(of: value, toByteOffset: offset, as: UInt64.self)
  }

  @inline(__always)
  func pointer(to request: Int) -> UnsafeMutablePointer<PreparedRequest> {
    precondition(unsafe request >= 0 && request < state.pointee.requestCount, "not prepared")
    return unsafe requests + request
  }
}
