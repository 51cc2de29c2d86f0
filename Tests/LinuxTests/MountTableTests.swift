import Linux
import TestSupport
import Testing

/// `mountinfo`, as proc(5) describes it.
@Suite struct MountTableTests {
  private func entry(_ line: String) -> MountTable.Entry? {
    MountTable(Array(line.utf8)).entries.first
  }

  private func path(_ field: String) -> String? {
    entry("40 22 0:33 / \(field) rw - tmpfs none rw").map {
      String(decoding: $0.path, as: UTF8.self)
    }
  }

  @Test func whatIsEscapedIsItselfAgain() {
    #expect(path("/a\\040b") == "/a b")
    #expect(path("/\\011\\012\\134\\043") == "/\t\n\\#")
    #expect(path("/\\134040") == "/\\040", "a backslash and digits")
    #expect(path("/\\303\\244") == "/\u{e4}")
  }

  @Test(arguments: ["\\", "\\04", "\\8", "\\+10", "\\400", "\\0x1", "\\-01", "\\ "])
  func whatIsNoEscapeStays(_ text: String) {
    guard !text.contains(" ") else { return #expect(path("/a\(text)") == "/a\\") }
    #expect(path("/a\(text)") == "/a\(text)")
  }

  @Test func pathsNeedNotBeText() {
    let line = Array("40 22 0:33 / /".utf8) + [0xff, 0x80] + Array(" rw - tmpfs none rw".utf8)
    #expect(MountTable(line).entries.first?.path == [UInt8(ascii: "/"), 0xff, 0x80])
  }

  @Test(arguments: ["", "shared:1 ", "shared:1 master:2 propagate_from:3 unbindable "])
  func optionalFieldsAreSkipped(_ fields: String) {
    let entry = entry("41 22 0:34 /sub /mnt rw \(fields)- tmpfs a\\040b rw")
    #expect(entry?.id == 41)
    #expect(entry?.type == "tmpfs")
    #expect(entry?.source == "a b")
    #expect(entry?.device == "0:34")
  }

  @Test func aSourceMayBeEmpty() {
    #expect(entry("41 22 0:34 / /mnt rw - tmpfs  rw")?.source == "")
  }

  @Test(arguments: [
    "", "41", "41 22 0:34 / /mnt rw", "41 22 0:34 / /mnt rw shared:1",
    "x 22 0:34 / /mnt rw - a b c",
    "-1 22 0:34 / /mnt rw - a b c", "41 22 0:34 / /mnt rw -",
  ])
  func whatIsNoMountIsLeftOut(_ line: String) {
    #expect(entry(line) == nil)
  }

  @Test func aPathIsTakenFromADirectoryOn() {
    let entry = MountTable.Entry(
      id: 1, device: "0:1", path: Array("/srv/share/a b".utf8), type: "t", source: "s")
    func below(_ base: String) -> String? {
      entry.path(below: Array(base.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }
    #expect(below("/") == "srv/share/a b")
    #expect(below("/srv/share") == "a b")
    #expect(below("/srv/share/") == "a b")
    #expect(below("/srv/sha") == nil)
    #expect(below("/srv/share/a b") == nil)
    #expect(below("/srv/share/a b/c") == nil)
    #expect(below("(unreachable)/srv") == nil)
  }

  /// Whatever the bytes are, what comes out is bounded by them.
  @Test func randomBytesAreSurvived() {
    var random = SeededRandom()
    let pieces: [[UInt8]] = [
      " ", "\n", "\\", "\\040", "-", " - ", "/", "40", "0", "7", "\\1", "18446744073709551616", "a",
    ].map { Array($0.utf8) }
    var found = 0
    for _ in 0..<20_000 {
      var text = random.oneIn(2) ? Array("40 22 0:33 / /a rw - t s rw".utf8) : []
      for _ in 0..<Int.random(in: 0..<12, using: &random) {
        let place = Int.random(in: 0...text.count, using: &random)
        let piece = pieces.randomElement(using: &random) ?? []
        text.insert(
          contentsOf: random.oneIn(4) ? [UInt8.random(in: 0...255, using: &random)] : piece,
          at: place)
      }
      let entries = MountTable(text).entries
      found += entries.count
      let lineCount = text.count { $0 == UInt8(ascii: "\n") } + 1
      #expect(entries.count <= lineCount, "seed \(random.seed)")
      #expect(entries.reduce(0) { $0 + $1.path.count } <= text.count, "seed \(random.seed)")
    }
    #expect(found > 1000, "most of it was no mount at all")
  }

  @Test func theTableOfThisProcessHasItsRoot() throws {
    let table = try MountTable()
    #expect(table.top(at: "/") != nil)
    #expect(try DescriptorLinks().mountTable().entries == table.entries)
  }

  @Test func aListedNumberIsTheFilesMount() throws {
    let root = try Descriptor.directory(at: "/")
    let entry = try MountTable().entry(try root.borrowed.listedMountID())
    #expect(entry?.path == [UInt8(ascii: "/")])
  }
}
