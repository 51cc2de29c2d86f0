extension WireReader {
  /// Consumes a name that can be an entry's.
  ///
  /// - Throws: `unterminatedString`, or what `Name.checkEntry` does.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  mutating func readEntryName() throws(DecodingError) -> Name {
    let name = try readName()
    try name.checkEntry()
    return name
  }

  /// Consumes a name that can be an entry's, or "." or "..".
  ///
  /// - Throws: As `readEntryName`.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  mutating func readLookupName() throws(DecodingError) -> Name {
    let name = try readName()
    if !name.isDotOrDotDot { try name.checkEntry() }
    return name
  }

  /// Consumes the arguments of INIT, whatever the age of the client: 16, 20 or 64 bytes.
  ///
  /// - Throws: `truncated` if there are fewer than 16.
  @_lifetime(self: copy self)
  mutating func readInit() throws(DecodingError) -> InitIn {
    let compat = try read(InitInCompat.self)
    let flags2 = remaining.byteCount >= MemoryLayout<UInt32>.size ? try read(UInt32.self) : 0
    return InitIn(
      major: compat.major, minor: compat.minor, maximumReadahead: compat.maximumReadahead,
      flagsLow: compat.flagsLow, flagsHigh: flags2)
  }

  /// Takes the extensions that the header announces off the end.
  ///
  /// - Throws: `truncated` if there are not so many bytes.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  mutating func splitExtensions(
    _ context: borrowing DecodingContext
  ) throws(DecodingError) -> RawSpan {
    let byteCount = Int(context.header.extensionWordCount) * 8
    guard byteCount <= remaining.byteCount else { throw .truncated }
    let extensions = remaining.extracting(last: byteCount)
    self = WireReader(remaining.extracting(droppingLast: byteCount))
    return extensions
  }
}
