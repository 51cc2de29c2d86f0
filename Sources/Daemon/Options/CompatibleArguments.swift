/// The command line in one spelling: the older `-o` lists and short options as long options.
///
/// An option that is given twice, in whatever spelling, keeps its place in the order, so that the
/// last one counts.
struct CompatibleArguments {
  /// The arguments that are left for `Options`.
  private(set) var canonical: [String] = []

  /// Translates `arguments`, the command's name left out.
  ///
  /// - Throws: A usage error for a refused option and for an unknown key in an `-o` list.
  init(_ arguments: [String]) throws(StartupError) {
    guard !Self.asksForText(arguments) else {
      canonical = arguments.map { $0 == "-V" ? "--version" : $0 }
      return
    }
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "--" {
        canonical += [argument] + rest
        return
      }
      try append(argument, rest: &rest)
    }
  }

  /// Whether `arguments` ask for the help or the version, which no other option spoils.
  private static func asksForText(_ arguments: [String]) -> Bool {
    arguments.contains { ["--help", "-h", "--version", "-V"].contains($0) }
  }

  /// Appends `argument` in its long spelling, with its value from `rest` if it stands there.
  private mutating func append(
    _ argument: String, rest: inout ArraySlice<String>
  ) throws(StartupError) {
    switch argument {
    case "-o":
      guard let list = rest.popFirst() else { throw .usage("-o needs a list of options") }
      try append(list: list)
    case "-d": canonical.append("--log-level=debug")
    case "-f": break
    case "--seccomp": try appendLong("--seccomp=" + (rest.popFirst() ?? ""), spelling: argument)
    case "--socket": canonical.append("--socket-path")
    case _ where argument.hasPrefix("--socket="):
      canonical.append("--socket-path" + argument.dropFirst("--socket".count))
    case _ where argument.hasPrefix("-o"): try append(list: String(argument.dropFirst(2)))
    case _: try appendLong(argument, spelling: argument)
    }
  }

  /// Appends `argument`, a long option or a value, unless it is settled or refused.
  private mutating func appendLong(
    _ argument: String, spelling: String
  ) throws(StartupError) {
    if RefusedOptions.isSettled(argument) { return }
    if let refusal = RefusedOptions.refusal(of: argument, spelling: spelling) { throw refusal }
    canonical.append(argument)
  }

  /// Appends what the comma list after `-o` asks for; `,,` is a comma in a value.
  private mutating func append(list: String) throws(StartupError) {
    for item in Self.items(of: list) where !item.isEmpty {
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let key = String(parts[0])
      guard let argument = Self.longOption(key, value: parts.count > 1 ? String(parts[1]) : nil)
      else { throw .usage("-o \(key): no such option; see --help") }
      try appendLong(argument, spelling: "-o \(key)")
    }
  }

  /// The items of an `-o` list.
  private static func items(of list: String) -> [String] {
    var items = [String.UnicodeScalarView()]
    var rest = list.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      switch scalar {
      case "," where rest.first == ",":
        items[items.count - 1].append(scalar)
        rest = rest.dropFirst()
      case ",": items.append(String.UnicodeScalarView())
      case _: items[items.count - 1].append(scalar)
      }
    }
    return items.map { String($0) }
  }

  /// The long option for `key` of an `-o` list; nil if there is none by that name.
  private static func longOption(_ key: String, value: String?) -> String? {
    switch (key, value) {
    case (_, ""): nil
    case ("source", let value?): "--shared-dir=" + value
    case ("cache", "none"): "--cache=never"
    case ("debug", nil): "--log-level=debug"
    case ("loglevel", let value?), ("log_level", let value?):
      "--log-level=" + (value == "err" ? "error" : value)
    case (_, let value?) where valueKeys.contains(key): long(key) + "=" + value
    case (_, nil) where flagKeys.contains(key): long(key)
    case (_, nil) where key.hasPrefix("no_") && flagKeys.contains(String(key.dropFirst(3))):
      long(key)
    case _: nil
    }
  }

  private static let valueKeys: Set<String> = [
    "cache", "sandbox", "modcaps", "xattrmap", "timeout", "max_idle_threads",
  ]

  private static let flagKeys: Set<String> = [
    "xattr", "readdirplus", "writeback", "allow_direct_io", "announce_submounts", "killpriv_v2",
    "posix_acl", "security_label", "posix_lock", "flock", "allow_root",
  ]

  private static func long(_ key: String) -> String {
    "--" + String(key.map { $0 == "_" ? "-" : $0 })
  }
}
