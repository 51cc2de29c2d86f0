import KernelHeaders
import Linux
import TestSupport
import Testing

/// Whatever a front-end hands over as a kick, the thread sleeps when nobody signals.
@Suite struct ReactorSleepTests {
  /// What cannot be read empty.
  enum Subject: CaseIterable {
    case socketWithoutPeer
    case pipeWithoutWriter
    case pipeWithoutWriterThatHoldsSome
    case semaphore
    case alwaysReady
  }

  @Test(arguments: [Reactor.Engine.uring, .sync], Subject.allCases)
  func sleepsBesideWhatCannotBeReadEmpty(
    _ engine: Reactor.Engine, _ subject: Subject
  ) throws {
    let reactor = try Reactor(engine: engine)
    let watched = try descriptor(subject)
    try watched.borrowed.setNonblocking()
    let witness = try EventDescriptor()
    reactor.watch(watched.borrowed, as: 1)
    reactor.watch(witness.borrowed, as: 2)
    let signalled = witness.borrowed
    let signaller = try Thread(name: "signaller") {
      SystemClock.sleep(milliseconds: 100)
      signalled.signalEvent()
    }
    var sleeps = 0
    while !takesWitness(reactor) {
      reactor.wait()
      sleeps += 1
    }
    signaller.join()
    // A thread that is kept awake goes round thousands of times in this time.
    #expect(sleeps < 10)
    // And it is still there for others.
    witness.signal()
    reactor.wait()
    #expect(takesWitness(reactor))
  }

  private func takesWitness(_ reactor: Reactor) -> Bool {
    var isTaken = false
    while let event = reactor.nextEvent() {
      if case .readable(2) = event { isTaken = true }
    }
    return isTaken
  }

  private func descriptor(_ subject: Subject) throws -> OwnedDescriptor {
    switch subject {
    case .socketWithoutPeer:
      let (ours, theirs) = try OwnedDescriptor.socketPair()
      _ = OwnedDescriptor(taking: theirs.rawValue)
      return OwnedDescriptor(taking: ours.rawValue)
    case .pipeWithoutWriter, .pipeWithoutWriterThatHoldsSome:
      let (reader, writer) = try OwnedDescriptor.pipe()
      let ours = OwnedDescriptor(taking: reader.rawValue)
      let theirs = OwnedDescriptor(taking: writer.rawValue)
      if subject == .pipeWithoutWriterThatHoldsSome { theirs.borrowed.signalEvent() }
      return ours
    case .semaphore:
      return OwnedDescriptor(taking: try existing(kernel_semaphore(1 << 30)))
    case .alwaysReady:
      return OwnedDescriptor(taking: try existing(kernel_landlock_ruleset()))
    }
  }

  private func existing(_ number: Int32) throws -> Int32 {
    try #require(number >= 0, "the kernel has no such descriptor")
    return number
  }
}
