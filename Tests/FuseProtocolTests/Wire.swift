import FuseProtocol

/// Bytes as a client would put them together.
struct Wire {
  var bytes: [UInt8] = []

  init(_ parts: Wire...) {
    for part in parts { bytes += part.bytes }
  }

  init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// A structure's bytes.
  static func value<T: WireValue>(_ value: T) -> Wire {
    // SAFETY: the buffer is read while the value lives, and a wire structure has no padding.
    Wire(bytes: unsafe withUnsafeBytes(of: value) { unsafe Array($0) })
  }

  /// A string and its NUL.
  static func name(_ name: String) -> Wire {
    Wire(bytes: Array(name.utf8) + [0])
  }

  /// So many bytes.
  static func filler(_ count: Int) -> Wire {
    Wire(bytes: Array(repeating: 0xAB, count: count))
  }
}

extension [UInt8] {
  /// The bytes, to be decoded.
  var raw: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      // SAFETY: bytes have no padding; the span borrows the array.
      unsafe span.bytes
    }
  }
}

/// The text of a name's bytes.
func text(_ name: borrowing Name) -> String {
  text(name.bytes)
}

/// The text of bytes.
func text(_ bytes: RawSpan) -> String {
  var reader = WireReader(bytes)
  var collected: [UInt8] = []
  while let byte = try? reader.read(UInt8.self) { collected.append(byte) }
  return String(decoding: collected, as: UTF8.self)
}

/// What decoding `body` says, the operation described by `describe`; or the error.
func decode<R>(
  _ opcode: Opcode, _ body: [UInt8], header: InHeader = InHeader(), flags: InitFlags = [],
  _ describe: (borrowing FuseProtocol.Operation) -> R
) -> Result<R, DecodingError> {
  do throws(DecodingError) {
    let operation = try FuseProtocol.Operation(
      opcode, DecodingContext(header: header, flags: flags), from: body.raw)
    return .success(describe(operation))
  } catch {
    return .failure(error)
  }
}

/// The error that decoding `body` ends with, or nil.
func decodingError(
  _ opcode: Opcode, _ body: [UInt8], header: InHeader = InHeader(), flags: InitFlags = []
) -> DecodingError? {
  switch decode(opcode, body, header: header, flags: flags, { _ in }) {
  case .success: nil
  case .failure(let error): error
  }
}
