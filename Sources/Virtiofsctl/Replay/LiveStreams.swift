internal import FuseProtocol

/// Directories that are being read: two servers may give entries in other orders and portions.
///
/// An offset of the capture means a place: the entry with that number of that reply. The back-end
/// gets the live offset of the place. Names are compared when both have come to the end.
struct LiveStreams {
  /// What came of a directory that was read from its beginning.
  private struct Pass {
    /// The moment at which it began, by the clock of `LiveState`.
    var start: Int
    var entries: [[UInt8]: DirectoryRecord] = [:]
    var isComplete = false
  }

  /// What the guest reads through one handle.
  private struct Stream {
    /// Where each recorded offset is: the step, and its place among the step's entries.
    var places: [UInt64: (step: Int, entry: Int)] = [:]
    /// The live offsets of each step's entries.
    var offsets: [Int: [UInt64]] = [:]
    /// The live offset after the last entry that came.
    var last: UInt64 = 0
  }

  private var passes: [Int: Pass] = [:]
  private var streams: [Int: Stream] = [:]

  /// The live offset for one of the capture; nil if that is not the offset of any entry seen.
  mutating func translate(
    _ offset: UInt64, of handle: Int, pass: Int, now: Int
  ) -> UInt64? {
    if passes[pass] == nil { passes[pass] = Pass(start: now) }
    guard offset != 0 else {
      streams[handle, default: Stream()].last = 0
      return 0
    }
    guard let stream = streams[handle], let place = stream.places[offset] else { return nil }
    guard let offsets = stream.offsets[place.step], !offsets.isEmpty else { return stream.last }
    return offsets[min(place.entry, offsets.count - 1)]
  }

  /// Takes note of what a step's reply brought.
  ///
  /// - Returns: Whether more must be asked for: the capture's guest had come to the end.
  mutating func take(
    _ entries: [DirectoryRecord], of index: Int, _ step: Step
  ) -> Bool {
    guard let handle = step.handle, let pass = step.pass else { return false }
    var stream = streams[handle] ?? Stream()
    if let last = entries.last { stream.last = last.offset }
    // After its last entry the guest goes on: that is after our last one, however many there were.
    for (place, entry) in step.entries.enumerated() {
      let isLast = place == step.entries.count - 1
      stream.places[entry.offset] = (index, isLast ? .max : place)
    }
    stream.offsets[index] = entries.map(\.offset)
    streams[handle] = stream
    add(entries, to: pass)
    return step.hasSucceeded && step.entries.isEmpty && !entries.isEmpty
  }

  /// The live offset after the last entry that came through `handle`.
  func lastOffset(_ handle: Int) -> UInt64 {
    streams[handle]?.last ?? 0
  }

  /// Takes note of what came beyond what the capture's guest asked for.
  mutating func take(more entries: [DirectoryRecord], through handle: Int, of pass: Int) {
    if let last = entries.last { streams[handle]?.last = last.offset }
    add(entries, to: pass)
  }

  /// The handle is closed.
  mutating func close(_ handle: Int) {
    streams[handle] = nil
  }

  private mutating func add(_ entries: [DirectoryRecord], to pass: Int) {
    if entries.isEmpty { passes[pass]?.isComplete = true }
    for entry in entries { passes[pass]?.entries[entry.name] = entry }
  }

  /// Compares a directory that has been read to its end, once, and forgets it.
  ///
  /// What came, went or changed meanwhile is left out.
  mutating func compare(
    _ pass: Int, _ recording: Recording, _ live: LiveState
  ) -> [FieldDifference] {
    guard let read = passes[pass], read.isComplete else { return [] }
    passes[pass] = nil
    let recorded = recording.passes[pass]
    guard recorded.isComplete, let directory = recorded.directory else { return [] }
    var result: [FieldDifference] = []
    func isStable(_ name: [UInt8]) -> Bool {
      !live.hasChanged(NameKey(directory: directory, name: name), since: read.start)
    }
    for (name, place) in recorded.places.sorted(by: { Self.isBefore($0.key, $1.key) })
    where isStable(name) {
      let words = ReplyComparison.text(name[...])
      guard let entry = read.entries[name] else {
        result.append(FieldDifference(field: "entry", recorded: words, live: "missing"))
        continue
      }
      let known = recording.steps[place.step].entries[place.entry]
      result += Self.compare(known, entry, words, live, since: read.start)
    }
    for name in read.entries.keys.sorted(by: Self.isBefore)
    where recorded.places[name] == nil && isStable(name) {
      let words = ReplyComparison.text(name[...])
      result.append(FieldDifference(field: "entry", recorded: "missing", live: words))
    }
    return result
  }

  private static func compare(
    _ recorded: DirectoryRecord, _ live: DirectoryRecord, _ name: String, _ state: LiveState,
    since moment: Int
  ) -> [FieldDifference] {
    var result: [FieldDifference] = []
    // 0 is "unknown", which a file system may answer at any time.
    if recorded.type != live.type, recorded.type != 0, live.type != 0 {
      result.append(
        FieldDifference(
          field: "type of \(name)", recorded: "\(recorded.type)", live: "\(live.type)"))
    }
    guard let object = recorded.object, let old = recorded.entry, let new = live.entry,
      !recorded.isDotOrDotDot, !state.hasChanged(object, since: moment)
    else { return result }
    for difference in ReplyComparison.attributes(old.attr, new.attr, isRaced: false) {
      result.append(
        FieldDifference(
          field: "\(difference.field) of \(name)", recorded: difference.recorded,
          live: difference.live))
    }
    return result
  }

  private static func isBefore(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.lexicographicallyPrecedes(right)
  }
}
