internal import Linux

/// The vrings that a thread serves, in the order of their starts.
///
/// To go through them, as each turn of the loop does, counts no references.
@safe
struct VringList: ~Copyable {
  /// Keeps them.
  private var owned: [ServedVring] = []
  /// The same ones.
  private let vrings: UnsafeMutablePointer<Uncounted<ServedVring>>
  private let capacity: Int

  /// A list of at most `capacity` vrings.
  init(capacity: Int) {
    self.capacity = capacity
    // SAFETY: freed in deinit; the first `owned.count` elements are initialised.
    unsafe vrings = .allocate(capacity: capacity)
  }

  deinit {
    // SAFETY: the elements own nothing: they need no deinitialisation.
    unsafe vrings.deallocate()
  }

  /// Whether `body` is true of any; asks no further then.
  @inline(__always)
  func contains(_ body: (ServedVring) -> Bool) -> Bool {
    for index in 0..<owned.count {
      // SAFETY: one of the first `count`, kept by `owned`, which `body` cannot change meanwhile.
      if unsafe vrings[index].use(body) { return true }
    }
    return false
  }

  /// Calls `body` with each.
  @inline(__always)
  func forEach(_ body: (ServedVring) -> Void) {
    for index in 0..<owned.count {
      // SAFETY: as in `contains`.
      unsafe vrings[index].use(body)
    }
  }

  /// The vring with the index `index`, if it is served.
  subscript(_ index: Int) -> ServedVring? {
    owned.first { $0.index == index }
  }

  mutating func append(_ vring: ServedVring) {
    precondition(owned.count < capacity, "more vrings than there are")
    owned.append(vring)
    refill()
  }

  /// Drops those that have been stopped.
  mutating func removeStopped() {
    owned.removeAll(where: \.isStopped)
    refill()
  }

  private func refill() {
    for (index, vring) in owned.enumerated() {
      // SAFETY: never more than `capacity`, see `append`.
      unsafe (vrings + index).initialize(to: Uncounted(vring))
    }
  }
}
