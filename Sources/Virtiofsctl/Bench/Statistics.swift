/// The middle and the ends of some numbers.
struct Spread: Equatable, Sendable {
  var median: Double
  var least: Double
  var greatest: Double

  /// Nothing if there are no numbers.
  init?(_ numbers: [Double]) {
    let sorted = numbers.filter(\.isFinite).sorted()
    guard let first = sorted.first, let last = sorted.last else { return nil }
    let middle = sorted.count / 2
    median =
      sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    least = first
    greatest = last
  }

  /// `1.61 (1.55-1.70)`, or the number alone if there is one only.
  var text: String {
    let numbers = [median, least, greatest].map(Self.text)
    return least == greatest ? numbers[0] : "\(numbers[0]) (\(numbers[1])-\(numbers[2]))"
  }

  /// Two digits after the point, or more if those would be zeros.
  private static func text(_ number: Double) -> String {
    var (places, rest) = (2, number.magnitude)
    while rest > 0, rest < 0.1, places < 6 {
      rest *= 10
      places += 1
    }
    return Quantities.fixed(number, number.magnitude >= 100 ? 0 : places)
  }

  var json: JSON {
    .object([
      ("median", .number(median)), ("min", .number(least)), ("max", .number(greatest)),
    ])
  }
}

/// What is compared.
enum Metric: String, CaseIterable, Sendable {
  case rate
  case p50
  case p99
  case cpu

  /// The value in one round; nothing if it was not to be had.
  func value(in sample: Sample) -> Double? {
    switch self {
    case .rate: sample.rate > 0 ? sample.rate : nil
    case .p50: sample.result.latencies.count > 0 ? sample.result.latencies.p50 : nil
    case .p99: sample.result.latencies.count > 0 ? sample.result.latencies.p99 : nil
    case .cpu: sample.cpuPerUnit.flatMap { $0 > 0 ? $0 : nil }
    }
  }

  /// The ratio of each round of `base` to the round of `other` beside it.
  func ratio(of base: [Sample], to other: [Sample]) -> Spread? {
    Spread(
      zip(base, other).compactMap { left, right in
        guard let left = value(in: left), let right = value(in: right) else { return nil }
        return left / right
      })
  }
}

/// The rounds of one back-end with one workload.
struct Series: Sendable {
  /// The back-end.
  var name: String
  var samples: [Sample] = []
  /// How long it took to start, in nanoseconds, if we started it.
  var startNanoseconds: Int?
  /// What the user has to know of the figures.
  var note: String?
  /// Why there are no rounds, or no more.
  var failure: String?
  /// The exit code that goes with it, if it was found while measuring.
  var failureCode: Int32?

  /// The median over the rounds.
  func median(_ value: (Sample) -> Double?) -> Double? {
    Spread(samples.compactMap(value))?.median
  }

  /// Operations that failed, in all rounds.
  var errorCount: Int { samples.reduce(0) { $0 + $1.result.errorCount } }
  /// Operations whose data was wrong, in all rounds.
  var wrongDataCount: Int { samples.reduce(0) { $0 + $1.result.wrongDataCount } }
}

/// One workload and what every back-end made of it.
struct Measurement: Sendable {
  var workload: Workload
  var series: [Series]
}
