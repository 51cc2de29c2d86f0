extension Creator {
  /// The kind of an extension: a number of security contexts if at most 31, else a type of its own.
  private enum ExtensionKind {
    static let maximumSecurityContextCount: UInt32 = 31
    /// `FUSE_EXT_GROUPS`.
    static let groups: UInt32 = 32
  }

  /// Takes what the extensions at the end of a creating request say (`fuse_ext_header`).
  ///
  /// Security contexts are checked and passed over: they come only where SECURITY_CTX was agreed
  /// to. Extensions of a kind unknown here are passed over by their length.
  ///
  /// - Throws: `malformedExtension`, or `countTooLarge` for too many groups.
  package mutating func apply(extensions: RawSpan) throws(DecodingError) {
    var rest = WireReader(extensions)
    while !rest.remaining.isEmpty {
      guard let header = try? rest.read(ExtensionHeader.self),
        let byteCount = Int(exactly: header.byteCount),
        byteCount >= MemoryLayout<ExtensionHeader>.size,
        let content = try? rest.readBytes(byteCount - MemoryLayout<ExtensionHeader>.size)
      else { throw .malformedExtension }
      switch header.kind {
      case ...ExtensionKind.maximumSecurityContextCount:
        try Self.checkSecurityContexts(content, count: header.kind)
      case ExtensionKind.groups:
        try addGroups(content)
      case _:
        break
      }
    }
  }

  /// `fuse_supp_groups`: a count, and as many group ids.
  private mutating func addGroups(_ content: RawSpan) throws(DecodingError) {
    var content = WireReader(content)
    do throws(DecodingError) {
      for _ in 0..<(try content.read(UInt32.self)) {
        try addGroup(try content.read())
      }
    } catch {
      throw error == .truncated ? .malformedExtension : error
    }
  }

  /// `fuse_secctx`, its name and its bytes, padded to eight; `count` times.
  private static func checkSecurityContexts(
    _ content: RawSpan, count: UInt32
  ) throws(DecodingError) {
    var rest = WireReader(content)
    for _ in 0..<count {
      let before = rest.remaining.byteCount
      guard let context = try? rest.read(SecurityContextHeader.self),
        (try? rest.readName()) != nil,
        let byteCount = Int(exactly: context.byteCount), (try? rest.readBytes(byteCount)) != nil
      else { throw .malformedExtension }
      let excess = (before - rest.remaining.byteCount) % 8
      // The last one's padding may be missing where the block ends with it.
      let padding = min(excess == 0 ? 0 : 8 - excess, rest.remaining.byteCount)
      _ = try rest.readBytes(padding)
    }
  }
}
