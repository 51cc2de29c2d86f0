internal import Linux
internal import Virtqueue

/// The memory table: each change makes a new `GuestMemory` and hands it to all vrings.
extension Session {
  /// As many as QEMU ever asks for, with virtio-mem's memory slots.
  static let mostMemorySlots = 509

  func setMemoryTable(
    _ payload: inout PayloadReader, _ descriptors: [SharedDescriptor]
  ) throws(SessionError) {
    let count: UInt32 = try payload.read()
    _ = try payload.read(UInt32.self)
    guard count <= Request.mostTableRegions, Int(count) == descriptors.count else {
      throw .descriptorCount(.setMemoryTable, descriptors.count)
    }
    var regions: [MemoryRegion] = []
    for descriptor in descriptors {
      regions.append(try region(RegionDescription(&payload), in: descriptor))
    }
    try replaceMemory(with: regions)
  }

  func addMemoryRegion(
    _ payload: inout PayloadReader, _ descriptors: [SharedDescriptor]
  ) throws(SessionError) {
    _ = try payload.read(UInt64.self)
    guard memory.regions.count < Self.mostMemorySlots else { throw .memoryRegion(.noSpace) }
    guard let descriptor = descriptors.first else {
      throw .descriptorCount(.addMemoryRegion, 0)
    }
    let added = try region(RegionDescription(&payload), in: descriptor)
    try replaceMemory(with: memory.regions + [added])
  }

  func removeMemoryRegion(_ payload: inout PayloadReader) throws(SessionError) {
    _ = try payload.read(UInt64.self)
    let wanted = try RegionDescription(&payload)
    // The offset into the file is no part of what names a region.
    let index = memory.regions.firstIndex { region in
      region.guestAddress == wanted.guestAddress && region.userAddress == wanted.userAddress
        && region.byteCount == wanted.byteCount
    }
    guard let index else { throw .memoryRegion(.noEntry) }
    var regions = memory.regions
    regions.remove(at: index)
    try replaceMemory(with: regions)
  }

  private func region(
    _ description: RegionDescription, in descriptor: SharedDescriptor
  ) throws(SessionError) -> MemoryRegion {
    do throws(Errno) {
      return try MemoryRegion(
        guestAddress: description.guestAddress, userAddress: description.userAddress,
        byteCount: description.byteCount, offset: description.offset, of: descriptor.borrowed)
    } catch {
      throw .memoryRegion(error)
    }
  }

  private func replaceMemory(with regions: [MemoryRegion]) throws(SessionError) {
    do throws(Errno) {
      let memory = try GuestMemory(regions)
      self.memory = memory
    } catch {
      throw .memoryRegion(error)
    }
    let memory = self.memory
    var failure: SessionError?
    for index in vrings.indices where vrings[index].isStarted {
      do throws(Errno) {
        try threads[index]?.perform(on: index) { (vring) throws(Errno) in
          try vring.replaceMemory(memory)
        }
      } catch {
        failure = .vringSetup(vring: index, error)
      }
    }
    if let failure { throw failure }
  }
}
