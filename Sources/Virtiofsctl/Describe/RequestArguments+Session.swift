internal import FuseProtocol

/// INIT, extended attributes, and the extensions of creating requests.
extension RequestArguments {
  mutating func initialize(_ body: inout MessageReader) throws(DecodingError) {
    let compat = try body.read(InitInCompat.self)
    list.add("version", .word("\(compat.major).\(compat.minor)"))
    list.add("max_readahead", compat.maximumReadahead)
    let flags2 = body.remainingCount >= 4 ? try body.read(UInt32.self) : 0
    // The rest of the structure is spare.
    body.skip(MemoryLayout<InitIn>.size - MemoryLayout<InitInCompat>.size - 4)
    let flags = InitFlags(flags: compat.flagsLow, flags2: flags2)
    list.add("flags", .flags(FlagTable.`init`.names(of: flags.rawValue)))
  }

  mutating func setxattr(_ body: inout MessageReader) throws(DecodingError) {
    let size: UInt32
    if isSetxattrExtended(body) {
      let arguments = try body.read(SetxattrIn.self)
      list.add("name", .name(try body.readName()))
      list.addFlags("flags", arguments.flags, .setxattr)
      list.addFlags("setxattr_flags", arguments.extendedFlags, .setxattrExtension)
      size = arguments.byteCount
    } else {
      let arguments = try body.read(SetxattrInCompat.self)
      list.add("name", .name(try body.readName()))
      list.addFlags("flags", arguments.flags, .setxattr)
      size = arguments.byteCount
    }
    list.add("size", size)
    list.add("value", .bytes(try body.readBytes(size)))
  }

  /// Whether SETXATTR begins with the longer structure: as INIT agreed on, else as fits.
  private func isSetxattrExtended(_ body: MessageReader) -> Bool {
    if let flags = context.flags { return flags.contains(.setxattrExtension) }
    var body = body
    guard let arguments = try? body.read(SetxattrIn.self), let name = try? body.readName() else {
      return false
    }
    return !name.isEmpty && body.remainingCount == arguments.byteCount
  }

  mutating func getxattr(_ body: inout MessageReader) throws(DecodingError) {
    let arguments = try body.read(GetxattrIn.self)
    list.add("name", .name(try body.readName()))
    list.add("size", arguments.byteCount)
  }

  /// Takes the extensions that the header announces off the end of `body`; nothing if it
  /// announces none.
  func splitExtensions(_ body: inout MessageReader) throws(DecodingError) -> MessageReader? {
    guard header.extensionWordCount > 0 else { return nil }
    return try body.splitLast(Int(header.extensionWordCount) * 8)
  }

  /// Adds what the extensions say: those that were announced, or, from kernels that do not
  /// announce security contexts, all that is left of the message.
  mutating func addExtensions(
    _ extensions: inout MessageReader?, or rest: inout MessageReader
  ) throws(DecodingError) {
    if var announced = extensions {
      try addExtensions(&announced)
    } else if context.flags?.contains(.securityContext) ?? true {
      try addExtensions(&rest)
    }
  }

  private mutating func addExtensions(_ rest: inout MessageReader) throws(DecodingError) {
    var contexts: [[UInt8]] = []
    var groups: [String] = []
    var others: [String] = []
    defer {
      if !contexts.isEmpty { list.detail("secctx", .names(contexts, count: contexts.count)) }
      if !groups.isEmpty { list.detail("groups", .word(groups.joined(separator: ","))) }
      if !others.isEmpty { list.add("extensions", .word(others.joined(separator: ","))) }
    }
    while rest.remainingCount > 0 {
      let header = try rest.read(ExtensionHeader.self)
      let size = UInt32(MemoryLayout<ExtensionHeader>.size)
      guard header.byteCount >= size else { throw .malformedExtension }
      var content = MessageReader(try rest.readBytes(header.byteCount - size))
      switch header.kind {
      case ...31: try content.readSecurityContexts(header.kind, into: &contexts)
      case 32: try content.readGroups(into: &groups)
      case _: others.append(String(header.kind))
      }
    }
  }
}

extension MessageReader {
  /// Consumes so many `fuse_secctx`, each with its name and its bytes.
  fileprivate mutating func readSecurityContexts(
    _ count: UInt32, into contexts: inout [[UInt8]]
  ) throws(DecodingError) {
    for _ in 0..<count {
      let before = remainingCount
      let size = try read(SecurityContextHeader.self).byteCount
      let name = try readName()
      contexts.append(name + [UInt8(ascii: "=")] + (try readBytes(size)))
      // Each is padded to eight bytes; the last one's padding may be missing.
      skip((8 - (before - remainingCount) % 8) % 8)
    }
  }

  /// Consumes `fuse_supp_groups`.
  fileprivate mutating func readGroups(into groups: inout [String]) throws(DecodingError) {
    let count = try read(UInt32.self)
    guard count <= remainingCount / 4 else { throw .countTooLarge }
    for _ in 0..<count { groups.append(String(try read(UInt32.self))) }
  }
}
