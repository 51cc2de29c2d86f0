import Glibc
import TestSupport

/// Random operations on some files of a directory, each checked against a model in memory.
///
/// The sequence follows from the seed alone: what a call gives back changes the model, never what
/// is done next.
final class Storm {
  let directory: String
  var random: SeededRandom
  /// How long files become, more or less.
  let greatestSize: Int
  var files: [ModelFile] = []
  var handles: [Handle] = []
  /// Mappings that outlive the operation that made them, with the file that each is of.
  var mappings: [(mapping: SharedMapping, file: ModelFile)] = []
  var operationCount = 0
  /// How often each operation was done.
  private(set) var counts: [String: Int] = [:]
  var hasMappings = true
  let buffer: PageBuffer
  /// Random bytes, which writes take a piece of.
  let pool: PageBuffer
  private var fileCount = 0
  private var handleCount = 0

  /// A storm over `count` files in `directory`, which is empty.
  init(
    directory: String, seed: UInt64, fileCount: Int, handleCount: Int, greatestSize: Int
  ) throws(Finding) {
    self.directory = directory
    self.greatestSize = greatestSize
    random = SeededRandom(seed: seed)
    buffer = PageBuffer(byteCount: 4 * greatestSize)
    pool = PageBuffer(byteCount: 4 * greatestSize)
    for index in stride(from: 0, to: 4 * greatestSize, by: 8) {
      unsafe pool.bytes.storeBytes(of: random.next(), toByteOffset: index, as: UInt64.self)
    }
    for _ in 0..<fileCount { try makeFile() }
    for _ in 0..<handleCount { try open(files[below(files.count)]) }
  }

  /// A number from 0 to below `limit`.
  func below(_ limit: Int) -> Int {
    Int(random.next() % UInt64(max(1, limit)))
  }

  /// Notes what is done, for the history and the summary.
  func note(_ name: String, _ file: ModelFile, _ text: String) {
    counts[name, default: 0] += 1
    file.note("\(operationCount) \(name) \(text)")
  }

  /// Makes an empty file with a new name.
  func makeFile() throws(Finding) {
    let label = "f\(fileCount)"
    fileCount += 1
    let file = ModelFile(label: label, path: "\(directory)/\(label)")
    let descriptor = try check(
      unsafe Glibc.open("\(directory)/\(label)", O_RDWR | O_CREAT | O_EXCL, 0o644), "create")
    close(descriptor)
    files.append(file)
  }

  /// Opens a file once more, in a way of chance.
  func open(_ file: ModelFile) throws(Finding) {
    guard let path = file.path else { return }
    let extras: [Int32] = [0, 0, 0, 0, O_APPEND, Number.direct, O_SYNC]
    let access: [Int32] = [O_RDWR, O_RDWR, O_RDWR, O_RDWR, O_RDONLY, O_WRONLY]
    let flags = access[below(access.count)] | extras[below(extras.count)]
    let descriptor = try check(unsafe Glibc.open(path, flags), "open of \(file.label)")
    let handle = Handle(descriptor, file, flags: flags, label: "h\(handleCount)")
    handleCount += 1
    handles.append(handle)
    note("open", file, "as \(handle.label), flags 0\(String(flags, radix: 8))")
  }

  /// One operation.
  func step() throws(Finding) {
    operationCount += 1
    let handle = handles[below(handles.count)]
    switch below(100) {
    case 0..<22: try read(handle)
    case 22..<46: try write(handle)
    case 46..<54: try readMapping(handle)
    case 54..<64: try writeMapping(handle)
    case 64..<70: try truncate(handle)
    case 70..<77: try allocate(handle)
    case 77..<82: try copyRange(handle)
    case 82..<85: try synchronize(handle)
    case 85..<90: try reopen(handle)
    case 90..<92: try status(handle)
    case 92..<94: try dropCache(handle)
    case 94..<95: try rename(handle)
    case 95..<96: try replace(handle)
    case 96..<97: try lookForHoles(handle)
    default: try verify(handle.file)
    }
  }

  /// Everything that is left, by new descriptors; then all is closed.
  func finish() throws(Finding) {
    mappings.removeAll()
    handles.removeAll()
    for file in files { try verify(file) }
  }

  /// What was done, for people.
  var summary: String {
    counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
  }
}
