internal import FuseProtocol

/// Which steps of a capture must be done before which: those that touch the same thing.
///
/// Readers of a thing may overlap, writers not. What defines a node or a handle writes it, so that
/// nobody names it before.
struct StepDependencies {
  /// Something that steps read or write.
  private enum Thing: Hashable {
    case node(Int)
    case handle(Int)
    case name(NameKey)
    /// The names of a directory as a whole.
    case contents(Int)
  }

  private struct Users {
    var writer: Int?
    var readers: [Int] = []
  }

  /// How many steps each step waits for.
  private(set) var waitCounts: [Int32]
  private var first: [Int32]
  private var edges: [(to: Int32, next: Int32)] = []
  /// The steps of `range`, which has no barrier inside.
  private let base: Int

  /// The dependencies among the steps of `range`.
  init(_ recording: Recording, _ range: Range<Int>) {
    base = range.lowerBound
    waitCounts = Array(repeating: 0, count: range.count)
    first = Array(repeating: -1, count: range.count)
    var users: [Thing: Users] = [:]
    for index in range {
      let step = recording.steps[index]
      let (reads, writes) = Self.things(of: index, step, recording)
      for thing in writes {
        let before = users.updateValue(Users(writer: index), forKey: thing)
        if let writer = before?.writer { wait(index, for: writer) }
        for reader in before?.readers ?? [] { wait(index, for: reader) }
      }
      for thing in reads where !writes.contains(thing) {
        if let writer = users[thing]?.writer { wait(index, for: writer) }
        users[thing, default: Users()].readers.append(index)
      }
    }
  }

  /// Whether nothing may overlap the step.
  static func isBarrier(_ step: Step) -> Bool {
    guard let opcode = step.opcode else { return true }
    return [.`init`, .destroy, .syncfs, .notifyReply, .interrupt].contains(opcode)
  }

  private mutating func wait(_ step: Int, for other: Int) {
    guard step != other else { return }
    edges.append((Int32(step - base), first[other - base]))
    first[other - base] = Int32(edges.count - 1)
    waitCounts[step - base] += 1
  }

  /// Calls `body` with each step that waits for nothing more once `step` is done.
  mutating func release(_ step: Int, _ body: (Int) -> Void) {
    var edge = first[step - base]
    while edge >= 0 {
      let (waiting, next) = edges[Int(edge)]
      waitCounts[Int(waiting)] -= 1
      if waitCounts[Int(waiting)] == 0 { body(Int(waiting) + base) }
      edge = next
    }
  }

  private static func things(
    of index: Int, _ step: Step, _ recording: Recording
  ) -> (reads: [Thing], writes: Set<Thing>) {
    // A file that was forgotten and found again is still the same.
    func node(_ object: Int) -> Thing { .node(recording.objects[object].identity ?? object) }
    var reads: [Thing] = []
    var writes = Set(step.modified.map(node))
    for case .some(let object) in [step.node, step.otherNode] { reads.append(node(object)) }
    for case .some(let object) in [step.produced] + step.entries.map(\.object) {
      reads.append(node(object))
      if recording.objects[object].definer == index { writes.insert(node(object)) }
    }
    for item in step.forgotten { writes.insert(node(item.object)) }
    for case .some(let handle) in [step.handle, step.otherHandle] { reads.append(.handle(handle)) }
    if let handle = step.producedHandle { writes.insert(.handle(handle)) }
    if step.opcode == .release || step.opcode == .releasedir || step.pass != nil {
      step.handle.map { _ = writes.insert(.handle($0)) }
    }
    addNames(step, recording, &reads, &writes)
    return (reads, writes)
  }

  private static func addNames(
    _ step: Step, _ recording: Recording, _ reads: inout [Thing], _ writes: inout Set<Thing>
  ) {
    guard let node = step.node, let opcode = step.opcode else { return }
    let directory = recording.objects[node].identity ?? node
    if step.pass != nil { writes.insert(.contents(directory)) }
    if opcode == .lookup, let name = step.names.first {
      reads.append(.name(NameKey(directory: directory, name: name)))
    }
    guard opcode.changesNames else { return }
    for (place, name) in step.names.enumerated() {
      let other = step.otherNode.map { recording.objects[$0].identity ?? $0 }
      let parent = place == 0 ? directory : other ?? directory
      writes.insert(.name(NameKey(directory: parent, name: name)))
      reads.append(.contents(parent))
    }
  }
}
