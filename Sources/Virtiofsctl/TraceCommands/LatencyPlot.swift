internal import FuseProtocol
internal import Trace

/// The points of a picture of latency over time, thinned while they come.
///
/// The plane is divided into cells of a column of time, a row of latency and a class of operations,
/// each with the number of its points. Columns become twice as wide whenever there would be too
/// many, so that memory and the file stay small whatever the capture's length.
struct LatencyPlot {
  /// The place of a point.
  struct Cell: Hashable {
    var column: UInt16
    var row: UInt16
    var operations: OperationClass
  }

  /// How many points there are in which cell.
  private(set) var cells: [Cell: UInt32] = [:]
  /// How long a column is, in nanoseconds.
  private(set) var columnNanoseconds: UInt64 = 1024
  /// How many points there were of each class.
  private(set) var counts: [OperationClass: Int] = [:]

  /// More columns than this are made fewer.
  static let mostColumns = 780
  /// How many rows there are to a doubling of latency.
  static let rowsPerDoubling = 8

  init() {}

  /// Adds the point of an exchange, if it was answered.
  mutating func add(_ exchange: Exchange, startTime: UInt64) {
    guard let nanoseconds = exchange.nanoseconds else { return }
    let time = exchange.request.time
    let offset = time < startTime ? 0 : time - startTime
    while offset / columnNanoseconds >= Self.mostColumns { widen() }
    let operations = OperationClass(exchange.request.opcode.flatMap { Opcode(rawValue: $0) })
    counts[operations, default: 0] += 1
    let cell = Cell(
      column: UInt16(offset / columnNanoseconds), row: Self.row(of: nanoseconds),
      operations: operations)
    cells[cell, default: 0] &+= 1
  }

  /// Makes columns twice as wide.
  mutating func widen() {
    columnNanoseconds *= 2
    let wider = cells.map { cell, count in
      (Cell(column: cell.column / 2, row: cell.row, operations: cell.operations), count)
    }
    cells = Dictionary(wider) { $0 &+ $1 }
  }

  /// The row of a latency.
  static func row(of nanoseconds: UInt64) -> UInt16 {
    UInt16(logarithm(Double(max(1, nanoseconds))) * Double(rowsPerDoubling))
  }

  /// The logarithm to the base of two, to a thousandth, of a number that is 1 or more.
  static func logarithm(_ number: Double) -> Double {
    var result = Double(number.exponent)
    var rest = number.significand
    var part = 0.5
    // Squaring doubles the logarithm: its bits come out one by one.
    for _ in 0..<12 {
      rest *= rest
      if rest >= 2 {
        rest /= 2
        result += part
      }
      part /= 2
    }
    return result
  }
}

/// What operations are for: a colour of the picture.
enum OperationClass: String, CaseIterable, Sendable {
  case names = "names"
  case attributes = "attributes"
  case directories = "directories"
  case reads = "reads"
  case writes = "writes"
  case opens = "open, release"
  case syncs = "flush, fsync"
  case others = "others"

  /// The class of an operation; of one without a name, the others.
  init(_ opcode: Opcode?) {
    guard let opcode else {
      self = .others
      return
    }
    switch opcode {
    case .lookup, .symlink, .mknod, .mkdir, .unlink, .rmdir, .rename, .rename2, .link, .create,
      .tmpfile, .readlink, .forget, .batchForget:
      self = .names
    case .getattr, .setattr, .setxattr, .getxattr, .listxattr, .removexattr, .access, .statx,
      .statfs:
      self = .attributes
    case .readdir, .readdirplus, .opendir, .releasedir: self = .directories
    case .read, .lseek: self = .reads
    case .write, .fallocate, .copyFileRange, .copyFileRange64: self = .writes
    case .open, .release: self = .opens
    case .flush, .fsync, .fsyncdir, .syncfs: self = .syncs
    case .`init`, .getlk, .setlk, .setlkw, .interrupt, .bmap, .destroy, .ioctl, .poll, .notifyReply,
      .setupMapping, .removeMapping, .cuseInit:
      self = .others
    }
  }

  /// Red, green and blue: colours that people with colour blindness can tell apart (Okabe and
  /// Ito).
  private var components: [Double] {
    switch self {
    case .names: [0, 114, 178]
    case .attributes: [86, 180, 233]
    case .directories: [0, 158, 115]
    case .reads: [230, 159, 0]
    case .writes: [213, 94, 0]
    case .opens: [204, 121, 167]
    case .syncs: [0, 0, 0]
    case .others: [160, 150, 0]
    }
  }

  /// The colour of this class, between white (0) and its own (1).
  func color(strength: Double = 1) -> String {
    let digits = components.map { component in
      let value = String(Int(255 - (255 - component) * strength), radix: 16)
      return value.count < 2 ? "0" + value : value
    }
    return "#" + digits.joined()
  }
}
