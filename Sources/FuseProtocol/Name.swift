/// A name out of a request, borrowed from the request's bytes together with its NUL.
///
/// Whatever bytes the client chose, except NUL: also a link's target or an attribute's name. What
/// names a directory's entry has passed `checkEntry`.
package struct Name: ~Escapable {
  /// The bytes and the NUL after them, as system calls take them.
  package let bytesWithTerminator: RawSpan

  /// Borrows `bytes`, whose only NUL is their last byte.
  @_lifetime(copy bytes)
  init(terminated bytes: RawSpan) {
    bytesWithTerminator = bytes
  }

  /// Borrows `bytes`, which must end with the only NUL in them.
  ///
  /// - Throws: `unterminatedString` if they do not.
  @_lifetime(copy bytes)
  package init(bytesWithTerminator bytes: RawSpan) throws(DecodingError) {
    var reader = WireReader(bytes)
    self = try reader.readName()
    guard reader.remaining.isEmpty else { throw .unterminatedString }
  }

  /// The bytes without the NUL.
  package var bytes: RawSpan {
    @_lifetime(copy self)
    get { bytesWithTerminator.extracting(droppingLast: 1) }
  }

  /// How many bytes there are, not counting the NUL.
  package var byteCount: Int {
    bytesWithTerminator.byteCount - 1
  }

  /// The longest name of a directory's entry, `NAME_MAX`.
  package static let maximumEntryByteCount = 255

  /// Whether this is "." or "..".
  package var isDotOrDotDot: Bool {
    let bytes = bytesWithTerminator
    switch byteCount {
    case 1: return bytes.byte(at: 0) == UInt8(ascii: ".")
    case 2: return bytes.byte(at: 0) == UInt8(ascii: ".") && bytes.byte(at: 1) == UInt8(ascii: ".")
    case _: return false
    }
  }

  /// Checks that this can name an entry of a directory, so that no lookup leaves the directory.
  ///
  /// - Throws: `nameTooLong`, or `invalidName` if the name is empty, "." or "..", or has a slash.
  package func checkEntry() throws(DecodingError) {
    guard byteCount > 0, !isDotOrDotDot else { throw .invalidName }
    guard byteCount <= Self.maximumEntryByteCount else { throw .nameTooLong }
    guard bytesWithTerminator.firstOffset(of: UInt8(ascii: "/")) == nil else { throw .invalidName }
  }
}
