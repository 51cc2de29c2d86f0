import FuseProtocol
import Testing

/// What may name an entry of a directory, and what may not.
@Suite struct NameTests {
  private static let namingRequests: [(Opcode, @Sendable (String) -> Wire)] = [
    (.unlink, { .name($0) }), (.rmdir, { .name($0) }),
    (.mkdir, { Wire(.value(MkdirIn()), .name($0)) }),
    (.mknod, { Wire(.value(MknodIn()), .name($0)) }),
    (.create, { Wire(.value(CreateIn()), .name($0)) }),
    (.symlink, { Wire(.name($0), .name("target")) }),
    (.link, { Wire(.value(LinkIn()), .name($0)) }),
    (.rename, { Wire(.value(RenameIn()), .name($0), .name("other")) }),
    (.rename, { Wire(.value(RenameIn()), .name("other"), .name($0)) }),
    (.rename2, { Wire(.value(Rename2In()), .name($0), .name("other")) }),
    (.rename2, { Wire(.value(Rename2In()), .name("other"), .name($0)) }),
  ]

  @Test(arguments: ["", ".", "..", "/", "a/b", "/etc", "a/", "../x", "....../"])
  func refusedWhereverAnEntryIsNamed(_ name: String) {
    for (opcode, request) in Self.namingRequests {
      #expect(decodingError(opcode, request(name).bytes) == .invalidName, "\(opcode)")
    }
    #expect((decodingError(.lookup, Wire.name(name).bytes) == nil) == (name == "." || name == ".."))
  }

  @Test(arguments: ["a", "...", ".a", "..a", "a.", "\\", "\u{1}", "name with spaces"])
  func takenWhereverAnEntryIsNamed(_ name: String) {
    for (opcode, request) in Self.namingRequests {
      #expect(decodingError(opcode, request(name).bytes) == nil, "\(opcode)")
    }
    #expect(decodingError(.lookup, Wire.name(name).bytes) == nil)
  }

  @Test func upTo255Bytes() {
    let longest = String(repeating: "n", count: 255)
    for (opcode, request) in Self.namingRequests {
      #expect(decodingError(opcode, request(longest).bytes) == nil, "\(opcode)")
      #expect(decodingError(opcode, request(longest + "n").bytes) == .nameTooLong, "\(opcode)")
    }
    #expect(decodingError(.lookup, Wire.name(longest + "n").bytes) == .nameTooLong)
  }

  @Test func bytesThatAreNotUTF8AreTaken() {
    #expect(decodingError(.lookup, [0xFF, 0xFE, 0x80, 0]) == nil)
  }

  /// Eight bytes are searched at a time: the NUL stands at every offset, behind every kind of byte.
  @Test(arguments: [0x01, 0x7F, 0x80, 0x81, 0xFF] as [UInt8])
  func endsAtTheFirstNULWhereverItIs(_ filler: UInt8) throws {
    for length in 0..<40 {
      for behind in 0..<20 {
        let bytes =
          Array(repeating: filler, count: length) + [0] + Array(repeating: 1, count: behind) + [0]
        var reader = WireReader(bytes.raw)
        let name = try reader.readName()
        let found = (name.byteCount, name.bytes.byteCount, name.bytesWithTerminator.byteCount)
        #expect(found == (length, length, length + 1))
        #expect(reader.remaining.byteCount == behind + 1)
      }
    }
  }

  @Test func withoutANULThereIsNoName() {
    for length in 0..<40 {
      let bytes = [UInt8](repeating: 0x81, count: length)
      #expect(decodingError(.lookup, bytes) == .unterminatedString)
    }
  }

  @Test(arguments: [[], [1], [0, 0], [1, 0, 1, 0], [1, 0, 1]] as [[UInt8]])
  func aNameMadeOfBytesMustEndWithTheirOnlyNUL(_ bytes: [UInt8]) {
    #expect(throws: DecodingError.unterminatedString) {
      let name = try Name(bytesWithTerminator: bytes.raw)
      return name.byteCount
    }
  }
}
