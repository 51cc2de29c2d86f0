import Linux
import Synchronization
import TestSupport
import Testing

/// The reactor does the same over io_uring and over poll, save the calls that only a ring has.
@Suite struct ReactorTests {
  private static let token: UInt32 = 7

  private func events(of reactor: Reactor, waiting: Bool) -> [UInt32] {
    var tokens: [UInt32] = []
    if waiting { reactor.wait() } else { reactor.collect() }
    while let event = reactor.nextEvent() {
      if case .readable(let token) = event { tokens.append(token) }
    }
    return tokens
  }

  @Test(arguments: [Reactor.Engine.uring, .sync])
  func wakesWhenAWatchedDescriptorIsSignalled(_ engine: Reactor.Engine) throws {
    let reactor = try Reactor(engine: engine)
    let event = try EventDescriptor()
    reactor.watch(event.borrowed, as: Self.token)
    for _ in 0..<3 {
      event.signal()
      #expect(eventsOfSleep(reactor) == [Self.token])
    }
  }

  /// With a ring nobody reads an eventfd; without one the reactor does.
  @Test(arguments: [Reactor.Engine.uring, .sync])
  func tellsOnceOfSignalsThatCameTogether(_ engine: Reactor.Engine) throws {
    let reactor = try Reactor(engine: engine)
    let event = try EventDescriptor()
    let other = try EventDescriptor()
    reactor.watch(event.borrowed, as: Self.token)
    reactor.watch(other.borrowed, as: 8)
    other.signal()
    #expect(eventsOfSleep(reactor) == [8])
    for _ in 0..<5 { event.signal() }
    #expect(eventsOfSleep(reactor) == [Self.token])
    other.signal()
    #expect(eventsOfSleep(reactor) == [8])
  }

  /// A kick descriptor may be a pipe: it must never run full.
  @Test(arguments: [Reactor.Engine.uring, .sync])
  func takesWhatAPipeHasToRead(_ engine: Reactor.Engine) throws {
    let reactor = try Reactor(engine: engine)
    let (reader, writer) = try OwnedDescriptor.pipe()
    let ours = OwnedDescriptor(taking: reader.rawValue)
    let theirs = OwnedDescriptor(taking: writer.rawValue)
    try ours.borrowed.setNonblocking()
    try theirs.borrowed.setNonblocking()
    reactor.watch(ours.borrowed, as: Self.token)
    for _ in 0..<100 {
      for _ in 0..<600 { theirs.borrowed.signalEvent() }
      #expect(eventsOfSleep(reactor) == [Self.token])
    }
    #expect(try theirs.borrowed.pollRoom(milliseconds: 0))
    #expect(try Descriptor.pollInput([ours.borrowed], milliseconds: 0) == 0)
  }

  /// What a thread that looks for work has in place of a call.
  @Test func aRingTellsOfNewsWithoutACall() throws {
    let reactor = try Reactor(engine: .uring)
    let event = try EventDescriptor()
    reactor.watch(event.borrowed, as: Self.token)
    event.signal()
    #expect(eventsOfSleep(reactor) == [Self.token])
    #expect(!reactor.hasNews)
    event.signal()
    #expect(reactor.hasNews)
    #expect(events(of: reactor, waiting: false) == [Self.token])
    #expect(!reactor.hasNews)
  }

  /// The events of the first sleep that brings any.
  private func eventsOfSleep(_ reactor: Reactor) -> [UInt32] {
    while true {
      let found = events(of: reactor, waiting: true)
      if !found.isEmpty { return found }
    }
  }

  @Test(arguments: [Reactor.Engine.uring, .sync])
  func findsWhatWasSignalledBeforeTheWatch(_ engine: Reactor.Engine) throws {
    let reactor = try Reactor(engine: engine)
    let event = try EventDescriptor()
    event.signal()
    reactor.watch(event.borrowed, as: Self.token)
    #expect(events(of: reactor, waiting: true) == [Self.token])
  }

  @Test(arguments: [Reactor.Engine.uring, .sync])
  func isSilentAboutWhatIsNotWatchedAnyMore(_ engine: Reactor.Engine) throws {
    let reactor = try Reactor(engine: engine)
    let gone = try EventDescriptor()
    let kept = try EventDescriptor()
    reactor.watch(gone.borrowed, as: 1)
    reactor.watch(kept.borrowed, as: 2)
    reactor.unwatch(1)
    gone.signal()
    kept.signal()
    var tokens: [UInt32] = []
    while tokens.isEmpty { tokens = events(of: reactor, waiting: true) }
    #expect(tokens == [2])
    #expect(events(of: reactor, waiting: false).allSatisfy { $0 == 2 })
  }

  @Test func aRingReadsAndWritesFiles() throws {
    let directory = try TemporaryDirectory("reactor")
    let path = directory.path("file")
    try hostWrite(path, "0123456789")
    let file = try openHostFile(path)
    let reactor = try Reactor(engine: .uring)
    var bytes = [UInt8](repeating: 0, count: 6)
    let result = try unsafe bytes.withUnsafeMutableBytes { buffer -> Int32 in
      var vectors = IOVectors()
      guard let base = buffer.baseAddress else { throw Errno.badAddress }
      unsafe vectors.append(base + 3, byteCount: 3)
      unsafe vectors.append(base, byteCount: 3)
      let isTaken = reactor.read(file.borrowed, into: vectors, at: 2, tag: 42)
      #expect(isTaken)
      var result: Int32 = -1
      while reactor.hasReadsInFlight {
        reactor.wait()
        while let event = reactor.nextEvent() {
          if case .completed(tag: 42, let value) = event { result = value }
        }
      }
      return result
    }
    #expect(result == 6)
    #expect(bytes == Array("567234".utf8))
  }
}
