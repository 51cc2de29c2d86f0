internal import Linux
internal import Trace

/// The capture that `--trace` asks for, from its file to its end.
enum Capture {
  /// How long the end of a capture may take, in milliseconds: a disk may have stopped.
  private static let patience = 5000

  /// Creates the file, as long as it can still be reached.
  ///
  /// - Parameter arguments: The command line, which the capture begins with.
  static func open(
    _ configuration: DaemonConfiguration, arguments: [String], root: Descriptor, log: Log
  ) throws(StartupError) -> CaptureFile? {
    guard let options = configuration.capture else { return nil }
    let file = try create(options, configuration, arguments: arguments)
    if file.isInside(root) {
      log.warning(
        "the capture \(options.path) lies inside the share: the guest can read and change it, "
          + "and is recorded doing so")
    }
    return file
  }

  private static func create(
    _ options: CaptureOptions, _ configuration: DaemonConfiguration, arguments: [String]
  ) throws(StartupError) -> CaptureFile {
    let path = options.path
    do throws(Errno) {
      return try CaptureFile(
        path: path, vringCount: 1 + configuration.requestQueueCount,
        snapLength: options.snapLength, program: Options.programVersion,
        options: arguments.joined(separator: " "))
    } catch .isDirectory {
      throw .failure("--trace=\(path) is a directory; give the name of a file")
    } catch .noDevice {
      throw .failure("--trace=\(path) is no regular file; give the name of another")
    } catch {
      throw .failure("cannot create the capture \(path): \(error); choose another --trace=FILE")
    }
  }

  /// Starts recording into `file`.
  static func start(
    _ file: consuming CaptureFile, log: Log
  ) throws(StartupError) -> Recorder {
    let path = file.path
    do throws(Errno) {
      return try Recorder(file) { note($0, path: path, in: log) }
    } catch {
      throw .failure("cannot start recording into \(path): \(error)")
    }
  }

  /// Ends the capture; all vrings' threads have ended.
  static func end(_ recorder: Recorder?) {
    recorder?.close(milliseconds: patience)
  }

  /// Ends the capture as far as possible, while vrings' threads are stuck.
  static func abandon(_ recorder: Recorder?) {
    recorder?.close(milliseconds: 1000, areLanesBusy: true)
  }

  private static func note(_ trouble: Recorder.Trouble, path: String, in log: Log) {
    switch trouble {
    case .cannotWrite(let error):
      log.warning(
        "cannot write the capture \(path): \(error); make room for it: until then requests are "
          + "served and not recorded")
    case .incomplete(0, isCut: _):
      log.warning("the capture \(path) is cut: its end could not be written")
    case .incomplete(let count, let isCut):
      log.warning(
        "the capture \(path) lacks \(count) records, for which its disk was too slow or full"
          + (isCut ? ", and its end" : ""))
    }
  }
}
