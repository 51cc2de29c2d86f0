internal import Linux
internal import Synchronization

/// How many descriptors nodes, mounts and open files may hold together.
///
/// It is less than RLIMIT_NOFILE: what a call opens and closes again is not counted.
package final class DescriptorBudget: Sendable {
  private let left: Atomic<Int>
  private let limit: Int

  /// A budget of `limit` descriptors.
  package init(limit: Int) {
    self.limit = max(limit, 0)
    left = Atomic(self.limit)
  }

  /// How many are held.
  package var used: Int {
    limit - left.load(ordering: .relaxed)
  }

  /// Counts one descriptor more.
  ///
  /// - Parameter isForNode: Nodes leave an eighth to open files, so that a guest that has looked
  ///   up too much can still open what it knows.
  /// - Throws: `ENFILE` if the budget is used up.
  func take(isForNode: Bool = false) throws(Errno) {
    let reserve = isForNode ? limit / 8 : 0
    guard left.wrappingSubtract(1, ordering: .relaxed).newValue >= reserve else {
      give()
      throw .tableFull
    }
  }

  /// One descriptor counted by `take` is closed, or was not opened after all.
  func give() {
    left.wrappingAdd(1, ordering: .relaxed)
  }
}
