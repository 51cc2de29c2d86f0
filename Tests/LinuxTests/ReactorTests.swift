import Linux
import Synchronization
import TestSupport
import Testing

/// The reactor does the same over io_uring and over poll, save the calls that only a ring has.
@Suite struct ReactorTests {
  private static let token: UInt32 = 7

  private func events(of reactor: Reactor, waiting: Bool) -> [UInt32] {
    var tokens: [UInt32] = []
    let note: (Reactor.Event) -> Void = { event in
      if case .readable(let token) = event { tokens.append(token) }
    }
    if waiting { reactor.wait(note) } else { reactor.collect(note) }
    return tokens
  }

  @Test(arguments: [Reactor.Engine.uring, .sync])
  func wakesWhenAWatchedDescriptorIsSignalled(_ engine: Reactor.Engine) throws {
    let reactor = try Reactor(engine: engine)
    let event = try EventDescriptor()
    reactor.watch(event.borrowed, as: Self.token)
    for _ in 0..<3 {
      event.signal()
      #expect(events(of: reactor, waiting: true) == [Self.token])
      event.clear()
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
      while reactor.hasCallsToCollect {
        reactor.wait { event in
          if case .completed(tag: 42, let value) = event { result = value }
        }
      }
      return result
    }
    #expect(result == 6)
    #expect(bytes == Array("567234".utf8))
  }
}
