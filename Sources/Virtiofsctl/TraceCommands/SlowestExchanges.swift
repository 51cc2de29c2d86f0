internal import Trace

/// The exchanges that took longest, described.
///
/// Descriptions are made when an exchange gets in, and bounded: what it was made from can go.
struct SlowestExchanges {
  private let count: Int
  private let isJSON: Bool
  private var lines = ExchangeLines(
    filter: ExchangeFilter(), form: .text(isVerbose: false, isAbsolute: false))
  /// The slowest first.
  private var held: [(nanoseconds: UInt64, value: JSON)] = []

  init(count: Int, isJSON: Bool) {
    self.count = count
    self.isJSON = isJSON
  }

  /// What was found, the slowest first: objects, or strings with a line each.
  var values: [JSON] { held.map(\.value) }

  /// Looks at an exchange.
  mutating func add(_ exchange: Exchange, startTime: UInt64) {
    if let reply = exchange.reply { lines.observe(exchange.request, reply) }
    guard count > 0, let nanoseconds = exchange.nanoseconds else { return }
    if held.count == count {
      guard let last = held.last, nanoseconds > last.nanoseconds else { return }
      held.removeLast()
    }
    let place = held.firstIndex { $0.nanoseconds < nanoseconds } ?? held.count
    let value = lines.value(of: exchange, startTime: startTime, isJSON: isJSON)
    held.insert((nanoseconds, value), at: place)
  }
}
