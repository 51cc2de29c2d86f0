import Linux
import TestSupport
import Testing

@Suite struct UnixSocketTests {
  @Test func carriesBytesAndDescriptors() throws {
    let directory = try TemporaryDirectory("socket")
    let listener = try ListeningSocket(path: directory.path("s"))
    #expect(try listener.borrowed.isListening())
    let client = try OwnedDescriptor.connected(toSocket: directory.path("s"))
    let server = try listener.accept()
    #expect(try !server.borrowed.isListening())

    try hostWrite(directory.path("file"), "the file")
    let file = try openHostFile(directory.path("file"))
    let sent = try client.borrowed.send([1, 2, 3], descriptors: [file.borrowed, file.borrowed])
    #expect(sent == 3)
    var descriptors: [SharedDescriptor] = []
    let bytes = try server.borrowed.receive(upTo: 10, descriptors: &descriptors)
    #expect(bytes == [1, 2, 3])
    #expect(descriptors.count == 2)
    #expect(try descriptors.first?.borrowed.fileByteCount() == 8)
  }

  @Test func readsNothingOnceTheOtherEndIsClosed() throws {
    let directory = try TemporaryDirectory("socket")
    let listener = try ListeningSocket(path: directory.path("s"))
    let client = try OwnedDescriptor.connected(toSocket: directory.path("s"))
    let server = try listener.accept()
    _ = consume client
    var descriptors: [SharedDescriptor] = []
    #expect(try server.borrowed.receive(upTo: 10, descriptors: &descriptors).isEmpty)
    #expect(throws: Errno.brokenPipe) { try server.borrowed.send([1]) }
  }

  @Test func refusesAPathThatIsTooLong() {
    let path = "/tmp/" + String(repeating: "x", count: 110)
    #expect(throws: Errno.nameTooLong) { _ = try ListeningSocket(path: path) }
  }
}
