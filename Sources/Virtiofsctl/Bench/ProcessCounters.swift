internal import Linux

/// What the processes of a back-end have used up to a moment.
struct ProcessCounters: Sendable {
  /// CPU time of all threads, ended ones and io_uring's workers included.
  var cpuNanoseconds = 0
  /// How often a thread went to sleep.
  var voluntarySwitchCount = 0
  /// Resident memory that is nobody else's and no file's.
  var anonymousByteCount = 0
  /// Resident memory of programs and libraries; not the guest's.
  var fileByteCount = 0
  /// Open descriptors.
  var descriptorCount = 0

  /// Reads the counters of the processes `ids` together; nothing if one cannot be looked at.
  static func read(_ ids: [Int32]) -> ProcessCounters? {
    guard !ids.isEmpty else { return nil }
    var sum = ProcessCounters()
    for id in ids {
      guard let cpu = try? SystemClock.nanoseconds(ofProcess: id),
        let status = try? HostPaths.text("/proc/\(id)/status")
      else { return nil }
      sum.cpuNanoseconds += cpu
      sum.anonymousByteCount += 1024 * field("RssAnon:", in: status)
      sum.fileByteCount += 1024 * field("RssFile:", in: status)
      sum.descriptorCount += HostPaths.names(in: "/proc/\(id)/fd").count
      for thread in HostPaths.names(in: "/proc/\(id)/task") {
        // A thread that has just ended has no file any more.
        let text = (try? HostPaths.text("/proc/\(id)/task/\(thread)/status")) ?? ""
        sum.voluntarySwitchCount += field("voluntary_ctxt_switches:", in: text)
      }
    }
    return sum
  }

  /// Whether one of the processes has a file, whose path ends with `path`, open with O_DIRECT;
  /// nothing if none is seen to have it open at all.
  static func isDirect(_ ids: [Int32], _ path: String) -> Bool? {
    var result: Bool?
    for id in ids {
      for number in HostPaths.names(in: "/proc/\(id)/fd") {
        // Descriptors come and go meanwhile. A back-end with a root of its own has another path.
        guard let target = try? HostPaths.target(ofLink: "/proc/\(id)/fd/\(number)"),
          target.hasSuffix("/" + path),
          let text = try? HostPaths.text("/proc/\(id)/fdinfo/\(number)"),
          let line = text.split(separator: "\n").first(where: { $0.hasPrefix("flags:") }),
          let flags = Int32(line.dropFirst(6).drop { $0 == "\t" || $0 == " " }, radix: 8),
          flags & OpenFlags.path.rawValue == 0
        else { continue }
        if flags & OpenFlags.direct.rawValue != 0 { return true }
        result = false
      }
    }
    return result
  }

  /// `id` and all processes under it: a back-end may have parted in two.
  static func family(of id: Int32) -> [Int32] {
    var children: [Int32: [Int32]] = [:]
    for name in HostPaths.names(in: "/proc") {
      guard let number = Int32(name), let text = try? HostPaths.text("/proc/\(name)/status")
      else { continue }
      children[Int32(field("PPid:", in: text)), default: []].append(number)
    }
    var family = [id]
    var next = 0
    while next < family.count {
      family += children[family[next]] ?? []
      next += 1
    }
    return family
  }

  /// The number after `name` at the start of a line; 0 if there is none.
  private static func field(_ name: String, in text: String) -> Int {
    for line in text.split(separator: "\n") where line.hasPrefix(name) {
      let digits = line.dropFirst(name.count).drop { $0 == " " || $0 == "\t" }
      return Int(digits.prefix { $0.isNumber }) ?? 0
    }
    return 0
  }
}
