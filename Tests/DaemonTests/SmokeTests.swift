import FuseProtocol
import Frontend
import Linux
import TestSupport
import Testing

@Suite struct SmokeTests {
  @Test func talksToTheCPeer() throws {
    let guest = try Guest(.c) { share in
      try hostWrite("\(share)/hello", "world")
    }
    let client = guest.client
    let entry = try client.lookup("hello")
    #expect(entry.attr.size == 5)
    let open = try client.open(entry.node)
    #expect(try client.read(entry.node, handle: open.handle, byteCount: 100) == Array("world".utf8))
    let directory = try client.opendir()
    let names = try client.readAll(handle: directory.handle).map(\.name)
    #expect(Set(names) == [".", "..", "hello"])
  }
}
