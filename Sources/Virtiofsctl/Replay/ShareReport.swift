/// What `--prepare` has made, and what it could not make.
struct ShareReport: Equatable, Sendable {
  var directoryCount = 0
  var fileCount = 0
  var symbolicLinkCount = 0
  var specialCount = 0
  var hardLinkCount = 0
  /// Names that stand for some that the capture does not show, so that counts of links agree.
  var standInCount = 0
  /// File data that the capture shows, in bytes.
  var knownByteCount: UInt64 = 0
  /// File data that stands in for what it does not show, in bytes.
  var fillerByteCount: UInt64 = 0
  /// File data that it does not show, of files with holes, in bytes: left as holes.
  var holeByteCount: UInt64 = 0
  /// Up to which byte the capture is whole, if it ends in the middle of a record.
  var cutOffset: UInt64?
  /// What could not be rebuilt: how often, and an example, by reason.
  var faults: [String: (count: Int, example: String)] = [:]

  static func == (left: ShareReport, right: ShareReport) -> Bool {
    left.json == right.json
  }

  /// Takes note of what could not be made.
  mutating func fault(_ reason: String, _ example: String) {
    let known = faults[reason]
    faults[reason] = ((known?.count ?? 0) + 1, known?.example ?? example)
  }

  private var sortedFaults: [(reason: String, count: Int, example: String)] {
    faults.map { ($0.key, $0.value.count, $0.value.example) }.sorted { $0.reason < $1.reason }
  }

  /// For people.
  func text(path: String) -> String {
    var text =
      "\(path): \(Quantities.count(directoryCount)) directories, "
      + "\(Quantities.count(fileCount)) files, "
      + "\(Quantities.count(symbolicLinkCount)) symbolic links, "
      + "\(Quantities.count(specialCount)) special files, "
      + "\(Quantities.count(hardLinkCount)) more hard links\n"
    text +=
      "\(Quantities.bytes(Double(knownByteCount))) of data out of the capture, "
      + "\(Quantities.bytes(Double(fillerByteCount))) that stand in for what it does not hold"
    text +=
      holeByteCount > 0
      ? ", \(Quantities.bytes(Double(holeByteCount))) of holes\n" : "\n"
    if standInCount > 0 {
      text +=
        "\(Quantities.count(standInCount)) names stand in for some that it does not name "
        + "(.unseen-*)\n"
    }
    if let cutOffset { text += "the capture was cut: it is whole up to byte \(cutOffset)\n" }
    for fault in sortedFaults {
      text +=
        "not rebuilt: \(fault.reason): \(Quantities.count(fault.count)), as \(fault.example)\n"
    }
    return text
  }

  /// For programs.
  var json: JSON {
    .object([
      ("directories", .integer(directoryCount)),
      ("files", .integer(fileCount)),
      ("symbolic_links", .integer(symbolicLinkCount)),
      ("special_files", .integer(specialCount)),
      ("more_hard_links", .integer(hardLinkCount)),
      ("stand_ins", .integer(standInCount)),
      ("known_bytes", .integer(Int(clamping: knownByteCount))),
      ("filler_bytes", .integer(Int(clamping: fillerByteCount))),
      ("hole_bytes", .integer(Int(clamping: holeByteCount))),
      ("cut", .bool(cutOffset != nil)),
      (
        "not_rebuilt",
        .array(
          sortedFaults.map { fault in
            .object([
              ("reason", .string(fault.reason)), ("count", .integer(fault.count)),
              ("example", .string(fault.example)),
            ])
          })
      ),
    ])
  }
}
