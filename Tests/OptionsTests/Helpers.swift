import Linux
import Passthrough
import TestSupport

@testable import Daemon

/// What a command line comes to on a host with `facts`.
func configured(
  _ arguments: [String],
  facts: HostFacts = HostFacts(
    isRoot: true, cpuCount: 4, machineCPUCount: 8)
) throws(StartupError) -> (daemon: DaemonConfiguration, share: Configuration) {
  guard case .serve(let options) = try Invocation(arguments) else {
    throw .failure("not asked to serve")
  }
  return (
    try DaemonConfiguration(options, facts: facts),
    Configuration(options.share, descriptorLimit: 4096, facts: facts)
  )
}

/// The shortest command line that serves.
let least = ["--shared-dir=/srv", "--fd=3"]

/// What a command line is refused with; nil if it is accepted.
func refusal(
  _ arguments: [String],
  facts: HostFacts = HostFacts(
    isRoot: true, cpuCount: 4, machineCPUCount: 8)
) -> StartupError? {
  do throws(StartupError) {
    _ = try configured(arguments, facts: facts)
    return nil
  } catch {
    return error
  }
}

/// A file of the repository.
func repositoryText(_ path: String) throws(Errno) -> String {
  let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
  return try hostReadText("/\(root)/\(path)")
}
