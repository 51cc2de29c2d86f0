import Frontend
import Linux
import Testing
import Virtqueue

/// A ring with both of its halves: the driver's and ours, over the same memory.
struct Rings {
  let driver: DriverRing
  let queue: SplitQueue
  let ram: GuestRAM
  let arena: Arena

  init(
    size: UInt16 = 8, features: Virtqueue.Features = [.indirectDescriptors, .eventIndex],
    firstIndex: UInt16 = 0, ram: GuestRAM? = nil
  ) throws {
    self.ram = try ram ?? GuestRAM(byteCount: 4 << 20)
    arena = Arena(self.ram.main)
    driver = try DriverRing(
      vring: 0, size: size, features: VirtioFeatures(rawValue: features.rawValue), arena: arena,
      firstIndex: firstIndex)
    let region = self.ram.main
    let addresses = RingAddresses(
      descriptors: UserAddress(rawValue: region.userAddress(of: driver.memory.descriptors)),
      available: UserAddress(rawValue: region.userAddress(of: driver.memory.available)),
      used: UserAddress(rawValue: region.userAddress(of: driver.memory.used)))
    queue = try SplitQueue(
      size: size, addresses: addresses, nextAvailable: firstIndex, features: features,
      memory: try Self.memory(self.ram))
  }

  /// The memory table that a front-end would send for `ram`.
  static func memory(_ ram: GuestRAM) throws(Errno) -> GuestMemory {
    var regions: [Virtqueue.MemoryRegion] = []
    for region in ram.regions {
      regions.append(
        try Virtqueue.MemoryRegion(
          guestAddress: region.guestAddress.rawValue,
          userAddress: region.userAddress(of: region.guestAddress),
          byteCount: UInt64(region.byteCount), offset: region.description.fileOffset,
          of: region.descriptor))
    }
    return try GuestMemory(regions)
  }

  /// Makes the chain whose descriptors are written by hand available.
  func offer(_ head: UInt16) {
    driver.offer(head)
    driver.publish()
  }

  /// Makes `count` chains of a byte available; their tokens are 0 and up.
  func offer(count: Int) throws {
    for token in 0..<count {
      try driver.add([.readable(try buffer([1]))], token: UInt64(token))
    }
    driver.publish()
  }

  /// Takes the next `count` chains, each of which must be there, and returns it at once.
  func serve(count: Int) throws {
    for _ in 0..<count {
      var chain = Chain()
      #expect(try queue.take(into: &chain))
      queue.complete(head: chain.head, written: 0)
    }
  }

  /// A buffer with `bytes` in it.
  func buffer(_ bytes: [UInt8]) throws -> GuestBuffer {
    let buffer = try arena.allocate(max(1, bytes.count))
    ram.store(bytes: bytes, at: buffer.address)
    return buffer.part(from: 0, byteCount: bytes.count)
  }
}

/// Takes the next chain, if there is one, and gives its lengths.
struct Taken: Equatable {
  var readable: Int
  var writable: Int

  init?(from queue: SplitQueue) throws(ChainError) {
    var chain = Chain()
    guard try queue.take(into: &chain) else { return nil }
    readable = chain.readable.byteCount
    writable = chain.writable.byteCount
  }

  init(readable: Int, writable: Int) {
    self.readable = readable
    self.writable = writable
  }
}

/// All bytes of `vectors`.
func contents(of vectors: borrowing IOVectors) -> [UInt8] {
  let count = vectors.byteCount
  // SAFETY: the buffer has room for `count` bytes, which is what copyOut is told.
  return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
    guard let base = buffer.baseAddress else { return }
    done = unsafe vectors.copyOut(to: base, count: count)
  }
}
