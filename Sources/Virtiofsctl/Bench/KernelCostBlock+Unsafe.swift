internal import Linux

/// Memory for one block of data, as a list of one range.
@safe
struct KernelCostBlock: ~Copyable {
  /// The block.
  private(set) var vectors = IOVectors(capacity: 1)
  private let memory: UnsafeMutableRawPointer

  init(byteCount: Int) {
    // SAFETY: zeroed here, freed by `deinit`, which comes after every use of the list.
    unsafe memory = .allocate(byteCount: byteCount, alignment: 4096)
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    unsafe vectors.append(memory, byteCount: byteCount)
  }

  deinit {
    // SAFETY: allocated by the initialiser.
    unsafe memory.deallocate()
  }
}
