internal import Linux
internal import Virtqueue

/// The queue threads of a session, each made when the first of its vrings starts.
///
/// Request queues are dealt out in turn; the high-priority queue, which has little to do and must
/// not wait for a thread to wake that nobody else needs, rides on the first one's.
struct QueueThreads {
  private var threads: [QueueThread?]
  private let make: (Int) throws(Errno) -> QueueThread

  /// - Parameters:
  ///   - vringCount: How many vrings there are, the high-priority one among them.
  ///   - limit: The most threads, at least one.
  ///   - make: Makes the thread with the given number.
  init(vringCount: Int, limit: Int, make: @escaping (Int) throws(Errno) -> QueueThread) {
    threads = Array(repeating: nil, count: max(1, min(vringCount - 1, limit)))
    self.make = make
  }

  /// The number of the thread that serves the vring `index`.
  func number(of index: Int) -> Int {
    max(0, index - 1) % threads.count
  }

  /// The thread of the vring `index`, made if it is not there yet.
  mutating func thread(of index: Int) throws(Errno) -> QueueThread {
    let number = number(of: index)
    if let thread = threads[number] { return thread }
    let thread = try make(number)
    threads[number] = thread
    return thread
  }

  /// The thread of the vring `index`, which has been started once.
  subscript(_ index: Int) -> QueueThread? { threads[number(of: index)] }

  /// Ends all of them; their vrings must have been stopped.
  mutating func end() {
    for thread in threads { thread?.end() }
    threads = threads.map { _ in nil }
  }
}
