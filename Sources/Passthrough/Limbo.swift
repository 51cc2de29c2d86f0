package import Linux
internal import Synchronization

/// Where things wait to be freed until no thread can use them any more.
///
/// Threads read nodes and open files without locks and reference counts. What is taken out of a
/// table is therefore not freed at once: it is stamped with the epoch, which then moves on, and is
/// freed when every *view* (one thread's part) has seen a later epoch at a quiescent point, where
/// it holds nothing borrowed, or is idle.
///
/// Why that is enough, in the terms of the memory model:
/// * *Unpublish, then stamp.* The thread that retires a thing has removed it from its table first;
///   moving the epoch on is a releasing operation, so whoever acquires an epoch after the stamp
///   also sees the removal and cannot find the thing any more.
/// * *Use, then quiesce.* `quiesce` acquires the epoch and then releases it into the view's `seen`.
///   Whoever acquires a `seen` later than the stamp knows that the view's earlier uses are done
///   and, by the line above, that it starts no new one.
/// * *Waking.* An idle view is not waited for, so between its announcement in `seen` and its first
///   read there must be no gap in which a reclaimer still reads "idle" while the view still reads
///   the old table. Both sides have a sequentially consistent fence: the view between its store
///   and its reads, the reclaimer between what was removed (known to it through the lock) and
///   its loads. One of the two fences comes first; either the reclaimer sees the view awake, or
///   the view sees the table without the thing.
package final class Limbo: Sendable {
  /// One thread's part: up to which epoch it has put everything down.
  package final class View: Sendable {
    /// The epoch of the last quiescent point, or `idle`.
    fileprivate let seen = Atomic<UInt64>(View.idle)
    /// Keeps two views out of one cache line.
    private let padding = [14 of UInt64](repeating: 0)

    fileprivate static let idle = UInt64.max

    fileprivate init() {}
  }

  /// The descriptors that are counted as long as they are here.
  let descriptors: DescriptorBudget
  private let epoch = Atomic<UInt64>(1)
  /// How many items wait, to be read without the lock.
  private let waiting = Atomic<Int>(0)
  /// Guards the views and the items.
  private let state = Lock(State())

  private struct State {
    var views: [View] = []
    var owners: [any Reclaimer] = []
    /// In the order of their stamps.
    var items: [Item] = []
  }

  private struct Item {
    var stamp: UInt64
    var content: Content
  }

  private enum Content {
    case descriptor(Descriptor)
    case place(UInt32, owner: OwnerNumber)
  }

  /// What `adopt` gave a table.
  struct OwnerNumber {
    fileprivate var rawValue: Int
  }

  /// A limbo for threads that share the budget `descriptors`.
  package init(descriptors: DescriptorBudget) {
    self.descriptors = descriptors
  }

  // No view is left that could use anything.
  deinit {
    state.withLock { state in
      for item in state.items { free(item.content, state.owners) }
    }
  }

  /// Makes a table known whose places will be retired here.
  func adopt(_ owner: any Reclaimer) -> OwnerNumber {
    state.withLock { state in
      state.owners.append(owner)
      return OwnerNumber(rawValue: state.owners.count - 1)
    }
  }

  // MARK: Views

  /// A view for the calling thread, awake.
  package func register() -> View {
    let view = View()
    state.withLock { $0.views.append(view) }
    wake(view)
    return view
  }

  /// The view's thread is done for good.
  package func unregister(_ view: View) {
    view.seen.store(View.idle, ordering: .releasing)
    state.withLock { state in
      state.views.removeAll { $0 === view }
    }
    collect()
  }

  /// The view's thread holds nothing borrowed; frees what has waited for that.
  package func quiesce(_ view: View) {
    view.seen.store(epoch.load(ordering: .acquiring), ordering: .releasing)
    guard waiting.load(ordering: .relaxed) > 0 else { return }
    // If the lock is taken somebody else is at it, and there is another quiescent point soon.
    guard let (items, owners) = state.withLockIfAvailable({ takeFreeItems(&$0) }) else { return }
    for item in items { free(item.content, owners) }
  }

  /// The view's thread holds nothing borrowed and goes to sleep: nobody waits for it.
  package func goIdle(_ view: View) {
    view.seen.store(View.idle, ordering: .releasing)
    // Of two threads that go to sleep together the one that takes the lock later sees both idle;
    // the fence is for the thread that retires something just now, and then looks at this view.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    guard waiting.load(ordering: .relaxed) > 0 else { return }
    collect()
  }

  /// The view's thread is back, and may borrow again.
  package func wake(_ view: View) {
    view.seen.store(epoch.load(ordering: .acquiring), ordering: .relaxed)
    atomicMemoryFence(ordering: .sequentiallyConsistent)
  }

  // MARK: What is retired

  /// Closes `descriptor`, which no table leads to any more, when no view can still use it.
  package func retire(_ descriptor: consuming OwnedDescriptor) {
    retire(.descriptor(descriptor.release()))
  }

  /// Tells `owner` when no view can still read the place `index`, which was taken out of its table.
  func retire(_ index: UInt32, of owner: OwnerNumber) {
    retire(.place(index, owner: owner))
  }

  /// Frees what no view can use any more; for threads without a view.
  package func collect() {
    let (items, owners) = state.withLock { takeFreeItems(&$0) }
    for item in items { free(item.content, owners) }
  }

  /// How many things wait.
  package var count: Int {
    waiting.load(ordering: .relaxed)
  }

  private func retire(_ content: Content) {
    state.withLock { state in
      let stamp = epoch.wrappingAdd(1, ordering: .acquiringAndReleasing).oldValue
      state.items.append(Item(stamp: stamp, content: content))
      waiting.store(state.items.count, ordering: .relaxed)
    }
  }

  /// Takes out what every view has passed.
  private func takeFreeItems(_ state: inout State) -> ([Item], [any Reclaimer]) {
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    var oldest = View.idle
    for view in state.views { oldest = min(oldest, view.seen.load(ordering: .acquiring)) }
    let end = state.items.firstIndex { $0.stamp >= oldest } ?? state.items.count
    guard end > 0 else { return ([], []) }
    let items = Array(state.items[..<end])
    if end == state.items.count {
      state.items = []
    } else {
      state.items.removeFirst(end)
    }
    waiting.store(state.items.count, ordering: .relaxed)
    return (items, state.owners)
  }

  /// Frees one thing; without the lock, for `close` may block.
  private func free(_ content: Content, _ owners: [any Reclaimer]) {
    switch content {
    case .descriptor(let descriptor):
      _ = OwnedDescriptor(taking: descriptor.rawValue)
      descriptors.give()
    case .place(let index, let owner):
      owners[owner.rawValue].reclaim(index)
    }
  }
}

/// A table whose places go through the limbo.
protocol Reclaimer: AnyObject, Sendable {
  /// Nobody reads the place `index` any more: it may be used again.
  func reclaim(_ index: UInt32)
}
