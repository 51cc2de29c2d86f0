internal import Linux
internal import Trace

/// A capture from its beginning to its end: exchanges and events in the order of the file, and
/// what is to be said of the file itself.
///
/// A file that is damaged is read up to there; `finish` then says what is wrong.
struct CaptureReading: ~Copyable {
  /// What a capture consists of.
  enum Item {
    /// A request and its reply; requests that were not answered come last.
    case exchange(Exchange)
    /// The record of an event.
    case event(TraceRecord)
  }

  /// When the first record was made, in nanoseconds since 1970; nothing before it was read.
  private(set) var startTime: UInt64?
  /// The latest time of a record so far.
  private(set) var endTime: UInt64 = 0

  private var reader: TraceReader
  private var pairing = ExchangePairing()
  private var failure: TraceError?
  private var isAtEnd = false
  private var recordCount = 0
  private var droppedByEvents: UInt64 = 0
  private var droppedByEnds: UInt64 = 0
  private var progress: Progress

  /// Opens the capture at `path`.
  ///
  /// - Parameter isQuiet: Whether no progress is shown, because the terminal has other use.
  init(path: String, isQuiet: Bool = false) throws(ToolError) {
    progress = Progress(isQuiet: isQuiet)
    do throws(TraceError) {
      reader = try TraceReader(path: path)
    } catch {
      throw .failure(error.description)
    }
  }

  /// The next exchange or event; nil at the end of the file, or of what can be read of it.
  mutating func next() -> Item? {
    while !isAtEnd {
      do throws(TraceError) {
        guard let record = try reader.next() else { break }
        note(record)
        if record.kind == .event { return .event(record) }
        if let exchange = pairing.add(record) { return .exchange(exchange) }
      } catch {
        failure = error
        break
      }
    }
    isAtEnd = true
    return pairing.removeOldest().map { .exchange($0) }
  }

  /// How many records the capture says are missing.
  var droppedCount: UInt64 {
    let counted = reader.interfaces.reduce(0) { $0 &+ ($1.droppedCount ?? 0) }
    return max(droppedByEvents, droppedByEnds, counted)
  }

  /// How many replies had no request.
  var unmatchedReplyCount: Int { pairing.unmatchedReplyCount }

  /// The program that wrote the capture; empty if it does not say.
  var application: String { reader.application }

  /// Whether the file ends in the middle of a block.
  var isCut: Bool { reader.isCut }

  /// Says on standard error what is wrong with the capture as a whole.
  ///
  /// - Throws: What made the reading end before the end of the file.
  mutating func finish() throws(ToolError) {
    progress.end()
    if let failure { throw .failure(failure.description) }
    if let offset = reader.cutOffset {
      note("the capture was cut: it is whole up to byte \(offset)")
    }
    if droppedCount > 0 {
      note(Self.count(droppedCount, "record was", "records were") + " dropped while capturing")
    }
    if unmatchedReplyCount > 0 {
      let count = UInt64(unmatchedReplyCount)
      note(
        Self.count(count, "reply without its request is", "replies without their requests are")
          + " left out")
    }
  }

  /// A number and the words that belong to it.
  static func count(_ number: UInt64, _ one: String, _ many: String) -> String {
    number == 1 ? "1 \(one)" : "\(Quantities.count(Int(clamping: number))) \(many)"
  }

  /// A line on standard error about the file.
  func note(_ text: String) {
    // Who closed standard error does not want to read this.
    try? Descriptor.standardError.writeWhole("virtiofsctl: \(reader.name): \(text)\n")
  }

  /// Takes the progress line away, so that something else can be written.
  mutating func endProgress() {
    progress.end()
  }

  private mutating func note(_ record: TraceRecord) {
    if startTime == nil { startTime = record.time }
    endTime = max(endTime, record.time)
    recordCount += 1
    if recordCount & 0xfff == 0 { showProgress() }
    guard record.kind == .event else { return }
    switch TraceEvent(message: record.message) {
    case .dropped(let count): droppedByEvents = add(droppedByEvents, count)
    case .captureEnded(_, _, let dropped): droppedByEnds = add(droppedByEnds, dropped)
    case .captureBegan, .vringStarted, .vringStopped, .deviceReset, nil: break
    }
  }

  private func add(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let (sum, overflows) = a.addingReportingOverflow(b)
    return overflows ? .max : sum
  }

  private mutating func showProgress() {
    let offset = reader.offset
    let byteCount = reader.byteCount
    progress.show {
      let read = Quantities.bytes(Double(offset))
      guard byteCount > 0 else { return "\(read) read" }
      let percent = Int(Double(offset) / Double(byteCount) * 100)
      return "\(percent) % of \(Quantities.bytes(Double(byteCount))) read"
    }
  }
}
