internal import FuseProtocol
internal import Linux
internal import Synchronization

/// Which files one thread knows to have no capability (`security.capability`).
///
/// A guest that clears capabilities itself asks for this attribute before each WRITE, and all but a
/// few files have none. What it is told from here is never older than what it may believe of a
/// file's other attributes, and at most a second old. Nothing that the guest itself does is missed:
/// any SETXATTR of the attribute, of whichever file, makes all threads forget all.
struct AbsentCapabilities: ~Copyable {
  /// Found by the node's place; made when the first is remembered.
  private var entries: [Entry] = []
  /// How long a look holds.
  private let lifetime: Duration

  private struct Entry {
    /// 0 for none.
    var node = NodeID(rawValue: 0)
    /// `Share.capabilityChanges` before the look.
    var change: UInt64 = 0
    var end = Duration.zero
  }

  private static let entryCount = 256

  /// A memory of nothing, for a guest that trusts attributes for so many seconds.
  init(validSeconds: UInt64) {
    lifetime = .seconds(min(validSeconds, 1))
  }

  /// Whether the file of `node` had none a moment ago.
  ///
  /// - Parameter change: `Share.capabilityChanges` now.
  func contains(_ node: NodeID, since change: UInt64) -> Bool {
    guard !entries.isEmpty else { return false }
    let entry = entries[place(of: node)]
    return entry.node == node && entry.change == change && SystemClock.now < entry.end
  }

  /// Remembers that the file of `node` has none.
  ///
  /// - Parameter change: `Share.capabilityChanges` before that was asked.
  mutating func insert(_ node: NodeID, since change: UInt64) {
    guard lifetime > .zero else { return }
    if entries.isEmpty { entries = Array(repeating: Entry(), count: Self.entryCount) }
    entries[place(of: node)] = Entry(node: node, change: change, end: SystemClock.now + lifetime)
  }

  private func place(of node: NodeID) -> Int {
    Int(truncatingIfNeeded: node.rawValue) & (Self.entryCount - 1)
  }
}
