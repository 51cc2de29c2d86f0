internal import FuseProtocol
internal import Linux
internal import Synchronization

/// Which nodes that have a handle are held open nevertheless: those that the guest asks for often.
///
/// A pinned node is recognized by one `statx`, and used without being opened. How many there may be
/// is bounded; beyond that a colder one loses its pin for each that gets one. Who is cold is found
/// as by a clock's hand (the CLOCK algorithm): it goes round, takes the heat from those that have
/// some, and stops at the first that has none. A node is pinned when it is asked for the second
/// time, so that walking a tree once does not drive out what is used all the time.
///
/// It remembers node ids only, and never wrongly for long: what is gone, or lost its pin otherwise,
/// the hand clears away. `NodeTable+Pins` does the pinning.
final class PinCache: Sendable {
  /// The most pins.
  let limit: Int
  private let ring = Lock(Ring())
  /// How far the hand goes for one node: beyond that everything counts as hot.
  private static let longestSweep = 16

  /// Whether the last that was admitted drove another out, or none was.
  private let isCrowded = Atomic(false)
  private let attempts = Atomic<UInt32>(0)
  /// How many nodes are asked for again, where it is crowded, for one that gets a pin.
  private static let reluctance: UInt32 = 8

  private struct Ring {
    var nodes: [NodeID] = []
    var hand = 0
    /// How many of the nodes are pinned no more, at most.
    var goneCount = 0
  }

  /// A cache of at most `limit` pins.
  init(limit: Int) {
    self.limit = max(0, limit)
  }

  /// What the hand finds under it.
  enum Finding {
    /// Not a pinned node any more.
    case free
    /// Pinned, and asked for since the hand was here.
    case hot
    case cold
  }

  /// Whether a node may be pinned, and what has to give way.
  enum Admission: Equatable {
    case admitted
    case insteadOf(NodeID)
    case refused
  }

  /// Whether there is room without any other's giving way.
  var hasRoom: Bool {
    limit > 0 && ring.withLock { $0.nodes.count < limit }
  }

  /// Whether a node that is asked for again should be opened for a pin.
  ///
  /// With more nodes in use than pins each new pin would cost another's: then only some try. A scan
  /// of them all finds the pins of the last one for a part of them, instead of none.
  var isWorthAsking: Bool {
    guard isCrowded.load(ordering: .relaxed) else { return true }
    return attempts.wrappingAdd(1, ordering: .relaxed).newValue % Self.reluctance == 0
  }

  /// Remembers `node` as pinned, if it may be.
  ///
  /// - Parameter look: What a node is now; takes its heat away.
  func admit(_ node: NodeID, _ look: (NodeID) -> Finding) -> Admission {
    guard limit > 0 else { return .refused }
    let admission = place(node, look)
    isCrowded.store(admission != .admitted, ordering: .relaxed)
    return admission
  }

  private func place(_ node: NodeID, _ look: (NodeID) -> Finding) -> Admission {
    ring.withLock { ring in
      if ring.nodes.count < limit {
        ring.nodes.append(node)
        return .admitted
      }
      for _ in 0..<min(Self.longestSweep, ring.nodes.count) {
        let place = ring.hand % ring.nodes.count
        ring.hand = place + 1
        let other = ring.nodes[place]
        switch look(other) {
        case .hot: continue
        case .free:
          ring.nodes[place] = node
          return .admitted
        case .cold:
          ring.nodes[place] = node
          return .insteadOf(other)
        }
      }
      return .refused
    }
  }

  /// Takes the admission of `node` back: `other` stays.
  func keep(_ other: NodeID, insteadOf node: NodeID) {
    ring.withLock { ring in
      if let place = ring.nodes.lastIndex(of: node) {
        ring.nodes[place] = other
      } else {
        ring.nodes.append(other)
      }
    }
  }

  /// Remembers a node that is pinned and cannot give way, beyond the limit if need be.
  func add(_ node: NodeID, _ look: (NodeID) -> Finding) {
    ring.withLock { ring in
      for _ in 0..<min(Self.longestSweep, ring.nodes.count) {
        let place = ring.hand % ring.nodes.count
        ring.hand = place + 1
        guard look(ring.nodes[place]) == .free else { continue }
        ring.nodes[place] = node
        return
      }
      ring.nodes.append(node)
    }
  }

  /// All that are remembered.
  var nodes: [NodeID] {
    ring.withLock { $0.nodes }
  }

  /// Forgets those of `nodes` that have no pin any more, so that others find room.
  func remove(_ nodes: Set<NodeID>, if isFree: (NodeID) -> Bool) {
    ring.withLock { $0.nodes.removeAll { nodes.contains($0) && isFree($0) } }
  }

  /// A pinned node is gone.
  ///
  /// The hand would find that, but it moves only where there is no room.
  func remove(_ isPinned: (NodeID) -> Bool) {
    ring.withLock { ring in
      ring.goneCount += 1
      guard ring.goneCount > Self.longestSweep, ring.goneCount * 2 > ring.nodes.count else {
        return
      }
      ring.nodes = ring.nodes.filter(isPinned)
      ring.goneCount = 0
    }
  }

  /// Forgets all nodes, whose pins are gone.
  func removeAll() {
    ring.withLock { $0 = Ring() }
  }
}
