internal import FuseProtocol
internal import Linux

/// Makes the files of a `NamespaceModel` in a directory.
///
/// A capture may have been made up: each name is checked, made by itself in an open directory, and
/// no link is followed, so nothing is written outside. What cannot be made is told and left out.
final class ShareBuilder {
  /// More than this is not made.
  static let mostFiles = 2_000_000
  /// How many names stand in for some that are not known, in one directory and in all.
  static let mostStandInsPerDirectory = 1000
  static let mostStandIns = 10_000
  /// How deep directories may lie in one another: each takes a descriptor.
  static let mostLevels = 200
  /// How much filler one file gets; the rest of what is unknown stays a hole.
  static let mostFillerPerFile: UInt64 = 64 << 20
  /// How much filler all files together get.
  static let mostFiller: UInt64 = 1 << 30
  /// How many files with several names are held open.
  private static let mostHeld = 500

  let model: NamespaceModel
  /// Whether what gives its finder power is made, too: set-user-ID programs, devices, capabilities.
  let isPrivileged: Bool
  var report = ShareReport()
  private let children: [Int: [(name: [UInt8], file: Int)]]
  /// How many names each file has.
  private var nameCounts: [Int: Int] = [:]
  private var made: Set<Int> = []
  /// The files with several names that have one, each by a descriptor.
  private var held: [Int: HeldFile] = [:]
  private var progress: Progress
  let links: DescriptorLinks

  /// An open file that a dictionary can hold.
  private final class HeldFile {
    let descriptor: OwnedDescriptor

    init(_ descriptor: consuming OwnedDescriptor) {
      self.descriptor = descriptor
    }
  }

  private init(
    _ model: NamespaceModel, isPrivileged: Bool, _ links: consuming DescriptorLinks
  ) {
    self.model = model
    self.isPrivileged = isPrivileged
    self.links = links
    var sorted = model.children
    for directory in sorted.keys {
      sorted[directory]?.sort { $0.name.lexicographicallyPrecedes($1.name) }
    }
    children = sorted
    progress = Progress()
    for file in model.entries.values { nameCounts[file, default: 0] += 1 }
  }

  /// Makes the share at `path`, which must be empty or not be there.
  ///
  /// - Parameter isPrivileged: Whether set-user-ID bits, devices and the attributes that only root
  ///   may set are made as recorded, for captures that are trusted.
  static func build(
    _ model: NamespaceModel, at path: String, isPrivileged: Bool
  ) throws(ToolError) -> ShareReport {
    do throws(Errno) {
      let root = try openEmpty(path)
      let builder = ShareBuilder(
        model, isPrivileged: isPrivileged, try DescriptorLinks())
      builder.made.insert(0)
      builder.fill(0, root.borrowed, path: "", level: 0)
      builder.finish(0, root.borrowed, path: "/")
      builder.progress.end()
      if model.unexplainedCount > 0 {
        builder.report.faults["made during the session by somebody else"] = (
          model.unexplainedCount, "names that came up though nobody had made them"
        )
      }
      return builder.report
    } catch .notEmpty {
      throw .failure("\(path) is not empty; give a new or an empty directory")
    } catch .notDirectory {
      throw .failure("\(path) is no directory; give a new or an empty one")
    } catch {
      throw .failure("cannot make \(path): \(error)")
    }
  }

  private static func openEmpty(_ path: String) throws(Errno) -> OwnedDescriptor {
    let name = Array(path.utf8)
    return try name.withPathName { (name) throws(Errno) in
      do throws(Errno) {
        try Descriptor.currentDirectory.makeDirectory(name, mode: 0o700)
      } catch {
        guard error == .exists else { throw error }
      }
      let root = try Descriptor.currentDirectory.open(name, [.readOnly, .directory])
      var buffer = DirectoryBuffer(byteCount: 4096)
      while try buffer.fill(from: root.borrowed) {
        var entries = buffer.entries
        while let entry = entries.next() {
          guard entry.isSelf || entry.isParent else { throw .notEmpty }
        }
      }
      return root
    }
  }

  // MARK: Directories

  /// Makes the entries of a directory.
  private func fill(_ file: Int, _ directory: Descriptor, path: String, level: Int) {
    for (name, child) in children[file] ?? [] {
      let words = path + "/" + EscapedText.text(name)
      guard Self.isEntry(name) else {
        report.fault("names that cannot be", words)
        continue
      }
      do throws(Errno) {
        try name.withPathName { (name) throws(Errno) in
          try make(child, name, in: directory, path: words, level: level)
        }
      } catch {
        report.fault("\(error)", words)
      }
      progress.show { "\(Quantities.count(made.count)) files made" }
    }
    addStandIns(file, directory, path: path)
  }

  /// Whether a name can be an entry's: not one that leads elsewhere.
  private static func isEntry(_ name: [UInt8]) -> Bool {
    !name.isEmpty && name.count <= 255 && !name.contains(0) && !name.contains(0x2f)
      && name != [0x2e] && name != [0x2e, 0x2e]
  }

  private func make(
    _ file: Int, _ name: borrowing PathName, in directory: Descriptor, path: String, level: Int
  ) throws(Errno) {
    guard made.insert(file).inserted else {
      return try link(file, name, in: directory, path: path)
    }
    guard made.count + report.standInCount <= Self.mostFiles else {
      return report.fault("more than \(Self.mostFiles) files", path)
    }
    let known = model.files[file]
    switch known.type {
    case 0o040000:
      guard level < Self.mostLevels else {
        return report.fault("more than \(Self.mostLevels) directories in one another", path)
      }
      try directory.makeDirectory(name, mode: 0o700)
      report.directoryCount += 1
      let opened = try directory.open(name, [.readOnly, .directory, .noFollow])
      fill(file, opened.borrowed, path: path, level: level + 1)
    case 0o120000: try makeSymbolicLink(known, name, in: directory)
    case 0o100000: try makeRegular(file, name, in: directory, path: path)
    case 0o010000, 0o140000, 0o020000, 0o060000:
      let device = known.attr?.device ?? 0
      guard isPrivileged || device == 0 || !known.isDevice else {
        return report.fault("devices, without --privileged", path)
      }
      try directory.makeNode(name, mode: known.type | 0o600, device: device)
      report.specialCount += 1
    case _: return report.fault("files of an unknown type", path)
    }
    let opened = try directory.open(name, [.path, .noFollow])
    finish(file, opened.borrowed, path: path)
    let hasMoreNames = nameCounts[file] ?? 0 > 1 || known.attr?.linkCount ?? 1 > 1
    if hasMoreNames, !known.isDirectory, held.count < Self.mostHeld {
      held[file] = HeldFile(opened)
    }
  }

  private func link(
    _ file: Int, _ name: borrowing PathName, in directory: Descriptor, path: String
  ) throws(Errno) {
    guard let first = held[file] else {
      return report.fault("second names of a directory, or of too many files", path)
    }
    try links.link(first.descriptor.borrowed, as: name, in: directory)
    report.hardLinkCount += 1
  }

  private func makeSymbolicLink(
    _ file: InitialFile, _ name: borrowing PathName, in directory: Descriptor
  ) throws(Errno) {
    let size = Int(clamping: min(file.attr?.size ?? 1, 4095))
    let target = file.target ?? [UInt8](repeating: 0x78, count: max(1, size))
    try target.withPathName { (target) throws(Errno) in
      try directory.makeSymbolicLink(name, to: target)
    }
    report.symbolicLinkCount += 1
  }

  // MARK: Stand-ins

  /// Makes names for those that the capture counts and does not name.
  private func addStandIns(_ file: Int, _ directory: Descriptor, path: String) {
    let known = model.files[file]
    guard !known.isListed else { return }
    var missing = 0
    if let attr = known.attr, attr.linkCount > 1 {
      let directories = (children[file] ?? []).count { model.files[$0.file].isDirectory }
      missing = Int(attr.linkCount) - 2 - directories
    }
    if missing <= 0, known.isNotEmpty, (children[file] ?? []).isEmpty { missing = 1 }
    for number in 0..<allowed(missing, path) {
      makeStandIn("directory-\(number)", path) { (name) throws(Errno) in
        try directory.makeDirectory(name, mode: 0o755)
      }
    }
    for (_, child) in children[file] ?? [] where made.contains(child) {
      addLinks(child, in: directory, path: path)
    }
  }

  /// Gives a file the names that it had elsewhere, so that it has as many links.
  private func addLinks(_ file: Int, in directory: Descriptor, path: String) {
    let known = model.files[file]
    guard !known.isDirectory, let count = known.attr?.linkCount,
      count > nameCounts[file] ?? 0, let first = held[file]
    else { return }
    let missing = allowed(Int(count) - (nameCounts[file] ?? 0), path)
    // Once, however many names of it there are.
    nameCounts[file] = Int(count)
    for number in 0..<missing {
      makeStandIn("link-\(file)-\(number)", path) { (name) throws(Errno) in
        try links.link(first.descriptor.borrowed, as: name, in: directory)
      }
    }
  }

  /// How many stand-ins are made where `wanted` are missing.
  private func allowed(_ wanted: Int, _ path: String) -> Int {
    let left = min(
      Self.mostStandIns - report.standInCount,
      Self.mostFiles - made.count - report.standInCount)
    let count = max(0, min(wanted, Self.mostStandInsPerDirectory, left))
    if count < wanted {
      report.fault("names beyond the bound for those that stand in for others", path + "/")
    }
    return count
  }

  private func makeStandIn(
    _ name: String, _ path: String, _ body: (borrowing PathName) throws(Errno) -> Void
  ) {
    do throws(Errno) {
      try Array(".unseen-\(name)".utf8).withPathName(body)
      report.standInCount += 1
    } catch {
      report.fault("\(error)", "\(path)/.unseen-\(name)")
    }
  }
}
