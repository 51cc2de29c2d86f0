import FuseProtocol
import FuseServer
import Linux
import Testing

/// Directory records are packed as the kernel unpacks them.
@Suite struct DirectoryTests {
  /// A record as the kernel's `parse_dirfile` finds it.
  private struct Record: Equatable {
    var node: UInt64?
    var ino: UInt64
    var offset: UInt64
    var type: UInt32
    var name: String
  }

  /// Takes records apart by the offsets of `fuse_dirent` and `fuse_direntplus`, not by our types.
  private func records(_ bytes: [UInt8], plus: Bool) -> [Record] {
    func integer(_ offset: Int, _ count: Int) -> UInt64 {
      (0..<count).reduce(0) { $0 | UInt64(bytes[offset + $1]) << (8 * UInt64($1)) }
    }
    var records: [Record] = []
    var position = 0
    let fixed = plus ? 152 : 24
    while position + fixed <= bytes.count {
      let dirent = position + fixed - 24
      let length = Int(integer(dirent + 16, 4))
      let name = bytes[(dirent + 24)..<(dirent + 24 + length)]
      records.append(
        Record(
          node: plus ? integer(position, 8) : nil, ino: integer(dirent, 8),
          offset: integer(dirent + 8, 8), type: UInt32(integer(dirent + 20, 4)),
          name: String(decoding: name, as: UTF8.self)))
      let end = position + fixed + length
      position = (end + 7) / 8 * 8
      #expect(bytes[end..<position].allSatisfy { $0 == 0 })
    }
    #expect(position == bytes.count)
    return records
  }

  /// Names of every length modulo eight.
  private static let names = (1...40).map { String(repeating: "n", count: $0) }

  private func expected(_ count: Int, plus: Bool) -> [Record] {
    (0..<count).map { index in
      Record(
        node: plus ? 42 : nil, ino: UInt64(index) + 100, offset: UInt64(index) + 1, type: 8,
        name: Self.names[index])
    }
  }

  @Test(arguments: [(Opcode.readdir, false), (.readdirplus, true)])
  func everyRecordIsFoundAgain(_ opcode: Opcode, _ plus: Bool) {
    let client = Client()
    client.files.names = Self.names
    let answer = client.send(opcode, .of(ReadIn(byteCount: 32768)), room: 32768)
    #expect(records(answer.body, plus: plus) == expected(40, plus: plus))
  }

  /// The reply holds as many whole records as fit, for every room and every size that is asked for.
  @Test(arguments: [(Opcode.readdir, 24), (.readdirplus, 152)])
  func onlyWholeRecordsWithinTheRoom(_ opcode: Opcode, _ fixed: Int) {
    let client = Client()
    client.files.names = Self.names
    var ends = [0]
    for name in Self.names.prefix(8) {
      ends.append(ends[ends.count - 1] + (fixed + name.utf8.count + 7) / 8 * 8)
    }
    for limit in 0..<ends[8] {
      let count = ends.lastIndex { $0 <= limit } ?? 0
      for (size, room) in [(limit, 65536), (65536, limit)] {
        let answer = client.send(opcode, .of(ReadIn(byteCount: UInt32(size))), room: room)
        #expect(answer.body.count == ends[count])
      }
    }
  }

  @Test func asksForTheRoomThatARecordTakes() {
    var reply = ReplyBuffer(capacity: 1000)
    for length in 0...300 {
      for plus in [false, true] {
        let size = ((plus ? 152 : 24) + length + 7) / 8 * 8
        reply.begin(unique: 1, limit: size)
        let exactly = reply.fits(nameByteCount: length, plus: plus)
        reply.begin(unique: 1, limit: size - 1)
        let tooLittle = reply.fits(nameByteCount: length, plus: plus)
        #expect(exactly && !tooLittle)
      }
    }
  }
}
