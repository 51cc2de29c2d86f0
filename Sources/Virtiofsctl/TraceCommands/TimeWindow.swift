/// Puts what comes nearly in the order of time into that order, in bounded memory.
///
/// A capture has its records in order only within a vring, and an exchange is known when it ends.
/// So much is held back that the order comes out right unless something is overtaken by more than
/// `capacity` others; that comes out late, and is counted.
struct TimeWindow<Element> {
  /// How many elements are held back at least.
  private let capacity: Int
  /// The most that the elements may weigh together; about bytes.
  private let mostWeight: Int
  private var held: [(time: UInt64, order: Int, element: Element)] = []
  private var weight = 0
  private var order = 0
  private var isSorted = true
  private var lastTime: UInt64 = 0
  /// How many elements came out after one that is younger.
  private(set) var lateCount = 0

  init(capacity: Int = 1 << 16, mostWeight: Int = 64 << 20) {
    self.capacity = max(1, capacity)
    self.mostWeight = mostWeight
  }

  /// Takes an element.
  ///
  /// - Parameter weight: What it costs to hold, in bytes.
  /// - Returns: Those that have been held back long enough, in order; mostly none.
  mutating func add(_ element: Element, time: UInt64, weight: Int = 0) -> [Element] {
    if let last = held.last, last.time > time { isSorted = false }
    held.append((time, order, element))
    order += 1
    self.weight += weight
    guard held.count >= 2 * capacity || self.weight >= mostWeight else { return [] }
    // What is left weighs about half: the elements are much alike.
    self.weight /= 2
    return take(held.count - held.count / 2)
  }

  /// All that are still held back, in order.
  mutating func removeAll() -> [Element] {
    weight = 0
    return take(held.count)
  }

  private mutating func take(_ count: Int) -> [Element] {
    if !isSorted { held.sort { ($0.time, $0.order) < ($1.time, $1.order) } }
    isSorted = true
    let taken = held[..<count].map { item in
      if item.time < lastTime { lateCount += 1 }
      lastTime = max(lastTime, item.time)
      return item.element
    }
    held.removeFirst(count)
    return taken
  }
}
