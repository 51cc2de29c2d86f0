internal import ArgumentParser
internal import Trace

/// What is recorded of the requests, and where.
struct TraceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Record every request and reply in this file (pcapng), which is emptied first.",
      valueName: "file"))
  var trace: String?

  @Option(
    help: ArgumentHelp(
      "Of the data of one read or write, record this many bytes (default: 256).",
      valueName: "bytes"))
  var traceSnaplen: Int?

  init() {}

  /// Refuses lengths that no capture has, and a length without a capture.
  func validate() throws {
    guard let traceSnaplen else { return }
    guard (0...CaptureFile.mostSnapLength).contains(traceSnaplen) else {
      throw ValidationError(
        "--trace-snaplen=\(traceSnaplen): give a number from 0 to \(CaptureFile.mostSnapLength)")
    }
    guard trace != nil else {
      throw ValidationError("--trace-snaplen is of use only with --trace=FILE; add it")
    }
  }

  /// What is to be recorded; nil for nothing.
  var capture: CaptureOptions? {
    trace.map { CaptureOptions(path: $0, snapLength: traceSnaplen ?? 256) }
  }
}

/// Where requests are recorded, and how much of them.
package struct CaptureOptions: Equatable, Sendable {
  /// The file, as given.
  package var path: String
  /// At most so many bytes of the data of one READ or WRITE are kept.
  package var snapLength: Int
}
