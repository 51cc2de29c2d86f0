internal import ArgumentParser
internal import FuseProtocol
internal import Linux

/// The options that say which exchanges are shown.
struct FilterOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Only these operations: LOOKUP,READ or numbers; may be repeated.", valueName: "names"))
  var opcode: [OpcodeList] = []

  @Option(
    help: ArgumentHelp(
      "Only what speaks of this node: in the request, or in the reply.", valueName: "number"))
  var node: UInt64?

  @Option(
    help: ArgumentHelp(
      "Only what failed with this error (ENOENT, 2); 'any' error, or 'none'; may be repeated.",
      valueName: "error"))
  var error: [OutcomeArgument] = []

  @Option(
    help: ArgumentHelp(
      "Only what has this text in a name, a target or an attribute's name.", valueName: "text"))
  var name: String?

  @Option(
    help: ArgumentHelp(
      "Only requests that came this long after the beginning or later.", valueName: "seconds"))
  var from: Double?

  @Option(
    help: ArgumentHelp(
      "Only requests that came this long after the beginning or earlier.", valueName: "seconds"))
  var to: Double?

  @Option(
    help: ArgumentHelp(
      "Only requests that took this long or longer: 500us, 2ms, 1.5s.", valueName: "time"))
  var slowerThan: TimeArgument?

  @Flag(help: "Only requests that were not answered.")
  var unanswered = false

  /// What the options mean together.
  var filter: ExchangeFilter {
    var filter = ExchangeFilter()
    filter.opcodes = Set(opcode.flatMap(\.numbers))
    filter.outcomes = error.map(\.outcome)
    filter.node = node
    filter.name = Array((name ?? "").utf8)
    filter.shortestNanoseconds = slowerThan?.nanoseconds
    filter.isUnanswered = unanswered
    filter.firstTime = from.map { UInt64($0 * 1e9) } ?? 0
    filter.lastTime = to.map { UInt64($0 * 1e9) } ?? .max
    return filter
  }

  func validate() throws {
    for (option, value) in [("--from", from), ("--to", to)] {
      guard let value else { continue }
      guard value >= 0, value < 1e9 else {
        throw ValidationError("\(option) is a number of seconds since the beginning, 0 or more.")
      }
    }
    if let from, let to, from > to { throw ValidationError("--from is after --to.") }
    if unanswered, !error.isEmpty || slowerThan != nil {
      throw ValidationError(
        "What was not answered has neither an error nor a latency: leave out --unanswered.")
    }
  }
}

/// Operations, by their names or numbers.
struct OpcodeList: ExpressibleByArgument {
  let numbers: [UInt32]

  init?(argument: String) {
    var numbers: [UInt32] = []
    for name in argument.split(separator: ",") {
      guard let number = Opcode.number(named: String(name)) else { return nil }
      numbers.append(number)
    }
    guard !numbers.isEmpty else { return nil }
    self.numbers = numbers
  }
}

/// How a request ended: an error's name or number, `any`, `none`.
struct OutcomeArgument: ExpressibleByArgument {
  let outcome: ExchangeFilter.Outcome

  init?(argument: String) {
    switch argument.lowercased() {
    case "any": outcome = .failed
    case "none": outcome = .succeeded
    case _:
      if let number = Int32(argument), number > 0 {
        outcome = .error(number)
      } else if let errno = Errno(name: argument.uppercased()) {
        outcome = .error(errno.rawValue)
      } else {
        return nil
      }
    }
  }
}

/// A length of time with its unit: `500us`, `2ms`, `1.5s`.
struct TimeArgument: ExpressibleByArgument {
  let nanoseconds: UInt64

  init?(argument: String) {
    let units = [("ns", 1.0), ("us", 1e3), ("ms", 1e6), ("s", 1e9)]
    guard let (unit, size) = units.first(where: { argument.hasSuffix($0.0) }),
      let number = Double(argument.dropLast(unit.count)), number >= 0, number * size < 1e18
    else { return nil }
    nanoseconds = UInt64(number * size)
  }
}
