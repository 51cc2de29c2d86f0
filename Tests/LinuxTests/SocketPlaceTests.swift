import Linux
import TestSupport
import Testing

@Suite struct SocketPlaceTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory("place")
  }

  @Test func socketIsRemovedByDescriptorAndOnlyIfItIsOurs() throws {
    var place = try SocketPlace(directory.path("s"))
    let listener = try place.listen(group: nil)
    #expect(try listener.borrowed.inheritedSocket() == .listening)
    try hostRemove(directory.path("s"))
    try hostWrite(directory.path("s"), "somebody else's")
    place.remove()
    #expect(hostExists(directory.path("s")))
  }

  @Test func onlySocketsAreStale() throws {
    let place = try SocketPlace(directory.path("s"))
    try place.removeStale()
    try hostWrite(directory.path("s"), "")
    #expect(throws: Errno.notSocket) { try place.removeStale() }
  }

  @Test func pathNeedsAName() {
    #expect(throws: Errno.isDirectory) {
      let place = try SocketPlace(directory.path + "/")
      place.remove()
    }
  }

  @Test func inheritedSocketsTellWhatTheyAre() throws {
    let pair = try OwnedDescriptor.socketPair()
    let ours = OwnedDescriptor(taking: pair.0.rawValue)
    let theirs = OwnedDescriptor(taking: pair.1.rawValue)
    #expect(try ours.borrowed.inheritedSocket() == .connected)
    #expect(try theirs.borrowed.inheritedSocket() == .connected)
    let file = try Descriptor.directory(at: "/")
    #expect(try file.borrowed.inheritedSocket() == .unusable)
    #expect(throws: Errno.badDescriptor) {
      try Descriptor(rawValue: 1_000_000).inheritedSocket()
    }
  }

  @Test func waitingTellsWhichDescriptorCanBeRead() throws {
    let pair = try OwnedDescriptor.socketPair()
    let ours = OwnedDescriptor(taking: pair.0.rawValue)
    let theirs = OwnedDescriptor(taking: pair.1.rawValue)
    try theirs.borrowed.writeWhole("text")
    let ready = try Descriptor.pollInput(
      [theirs.borrowed, ours.borrowed], milliseconds: -1)
    #expect(ready == 0b10)
  }
}
