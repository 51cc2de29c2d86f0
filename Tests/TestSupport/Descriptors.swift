package import Linux

/// The open descriptors of a process, each with what it leads to: what a leak test compares.
///
/// The descriptor through which the list itself is read is not in it.
package func openDescriptors(of process: Int32) throws(Errno) -> [String] {
  let directory = "/proc/\(process)/fd"
  return try hostNames(directory).compactMap { name in
    readSymbolicLink("\(directory)/\(name)").map { "\(name) -> \($0)" }
  }
}

/// The open descriptors of this process.
///
/// Tests that run beside each other see each other's.
package func openDescriptorsOfThisProcess() throws(Errno) -> [String] {
  try hostNames("/proc/self/fd").compactMap { name in
    guard let target = readSymbolicLink("/proc/self/fd/\(name)"), !target.hasSuffix("/fd") else {
      return nil
    }
    return "\(name) -> \(target)"
  }
}

/// A process's resident memory in bytes (`VmRSS`), or nothing if it is gone.
package func residentByteCount(of process: Int32) -> Int? {
  byteCount("VmRSS:", in: "/proc/\(process)/status")
}

/// A process's resident memory that is no file's, in bytes, or nothing if it is gone.
package func anonymousByteCount(of process: Int32) -> Int? {
  byteCount("Anonymous:", in: "/proc/\(process)/smaps_rollup")
}

/// What a file of procfs says in kilobytes in the line that begins with `name`.
private func byteCount(_ name: String, in path: String) -> Int? {
  guard let text = try? hostReadText(path) else { return nil }
  for line in text.split(separator: "\n") where line.hasPrefix(name) {
    let digits = line.drop { !$0.isNumber }.prefix { $0.isNumber }
    return Int(digits).map { $0 * 1024 }
  }
  return nil
}

/// The number of a process's mappings of files in memory: a guest's memory that was not unmapped
/// shows here.
package func memoryFileMappingCount(of process: Int32) throws(Errno) -> Int {
  try hostReadText("/proc/\(process)/maps").split(separator: "\n").count { $0.contains("memfd:") }
}
