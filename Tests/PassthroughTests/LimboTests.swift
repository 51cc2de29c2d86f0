import Linux
import Passthrough
import Synchronization
import TestSupport
import Testing

@Suite struct LimboTests {
  private let descriptors = DescriptorBudget(limit: 100_000)

  @Test func withoutViewsEverythingIsFreedWhenAsked() throws {
    let limbo = Limbo(descriptors: descriptors)
    let file = try openDirectory("/")
    limbo.retire(file)
    #expect(limbo.count == 1)
    limbo.collect()
    #expect(limbo.count == 0)
  }

  @Test func whatOneRetiresWhileTheOthersSleepIsClosedAtItsNextQuiescentPoint() throws {
    let limbo = Limbo(descriptors: descriptors)
    let view = limbo.register()
    let sleeper = limbo.register()
    limbo.goIdle(sleeper)
    let file = try openDirectory("/")
    let number = file.borrowed
    limbo.retire(file)
    #expect(try number.status().isDirectory)
    limbo.quiesce(view)
    #expect(limbo.count == 0)
    limbo.unregister(view)
    limbo.unregister(sleeper)
  }

  @Test func everyViewThatIsAwakeIsWaitedFor() throws {
    let limbo = Limbo(descriptors: descriptors)
    let views = (0..<3).map { _ in limbo.register() }
    limbo.retire(try openDirectory("/"))
    limbo.quiesce(views[0])
    limbo.quiesce(views[0])
    #expect(limbo.count == 1)
    limbo.goIdle(views[1])
    #expect(limbo.count == 1)
    limbo.quiesce(views[2])
    #expect(limbo.count == 0)
  }

  @Test func goingToSleepAndLeavingEndTheWaiting() throws {
    let limbo = Limbo(descriptors: descriptors)
    let first = limbo.register()
    let second = limbo.register()
    limbo.retire(try openDirectory("/"))
    limbo.quiesce(first)
    #expect(limbo.count == 1)
    limbo.goIdle(second)
    #expect(limbo.count == 0)
    limbo.wake(second)
    limbo.retire(try openDirectory("/"))
    limbo.quiesce(first)
    #expect(limbo.count == 1)
    limbo.unregister(second)
    #expect(limbo.count == 0)
  }

  /// A view that woke after the thing was retired cannot have found it.
  @Test func whoWakesLaterIsNotWaitedFor() throws {
    let limbo = Limbo(descriptors: descriptors)
    let first = limbo.register()
    let second = limbo.register()
    limbo.goIdle(second)
    limbo.retire(try openDirectory("/"))
    limbo.wake(second)
    limbo.quiesce(first)
    #expect(limbo.count == 0)
  }

  @Test func whatIsRetiredLaterWaitsForALaterPoint() throws {
    let limbo = Limbo(descriptors: descriptors)
    let first = limbo.register()
    let second = limbo.register()
    limbo.retire(try openDirectory("/"))
    limbo.quiesce(first)
    limbo.retire(try openDirectory("/"))
    limbo.quiesce(second)
    // The first thing is free; the second was retired after the first view's last point.
    #expect(limbo.count == 1)
    limbo.quiesce(first)
    #expect(limbo.count == 0)
  }

  @Test func aLimboThatGoesClosesWhatItHolds() throws {
    let directory = try TemporaryDirectory("limbo")
    do {
      let limbo = Limbo(descriptors: descriptors)
      let view = limbo.register()
      limbo.retire(try openDirectory(directory.path))
      limbo.quiesce(view)
      limbo.retire(try openDirectory(directory.path))
      #expect(limbo.count == 1)
    }
    let left = try openDescriptorsOfThisProcess().filter { $0.contains(directory.path) }
    #expect(left == [])
  }

  /// One cell leads to a file.
  ///
  /// Writers replace it and retire what was there; readers use what they find. A file that were
  /// closed too early would be another file, or none, by its inode number.
  @Test(.timeLimit(.minutes(2))) func nobodyEverUsesAClosedFile() throws {
    let directory = try TemporaryDirectory("limbo")
    for number in 0..<8 { try hostWrite(directory.path("\(number)"), "text") }
    let inodes = try (0..<8).map { try hostStatus(directory.path("\($0)")).inode }
    let limbo = Limbo(descriptors: descriptors)
    let cell = Atomic<UInt64>(try open(directory, 0))
    let wrong = Atomic(0)
    let running = Atomic(3)
    try onThreads(5) { thread in
      let view = limbo.register()
      var random = SeededRandom(seed: UInt64(thread))
      if thread < 3 {
        for _ in 0..<4000 {
          let number = Int(random.next() % 8)
          guard let fresh = try? open(directory, number) else { continue }
          let old = cell.exchange(fresh, ordering: .acquiringAndReleasing)
          limbo.retire(OwnedDescriptor(taking: Int32(truncatingIfNeeded: old)))
          pause(limbo, view, &random)
        }
        running.subtract(1, ordering: .releasing)
      } else {
        while running.load(ordering: .acquiring) > 0 {
          let found = cell.load(ordering: .acquiring)
          let file = Descriptor(rawValue: Int32(truncatingIfNeeded: found))
          if (try? file.status())?.inode != inodes[Int(found >> 32)] {
            wrong.add(1, ordering: .relaxed)
          }
          pause(limbo, view, &random)
        }
      }
      limbo.unregister(view)
    }
    #expect(wrong.load(ordering: .relaxed) == 0)
    #expect(limbo.count == 0)
    _ = OwnedDescriptor(taking: Int32(truncatingIfNeeded: cell.load(ordering: .acquiring)))
    let left = try openDescriptorsOfThisProcess().filter { $0.contains(directory.path) }
    #expect(left == [])
  }

  private func open(_ directory: TemporaryDirectory, _ number: Int) throws(Errno) -> UInt64 {
    try withPathName(directory.path("\(number)")) { (path) throws(Errno) in
      let file = try Descriptor.currentDirectory.open(path, .path)
      return UInt64(number) << 32 | UInt64(UInt32(bitPattern: file.release().rawValue))
    }
  }

  private func pause(_ limbo: Limbo, _ view: Limbo.View, _ random: inout SeededRandom) {
    switch random.next() % 8 {
    case 0..<5:
      limbo.quiesce(view)
    case 5:
      limbo.goIdle(view)
      limbo.wake(view)
    case _:
      break
    }
  }
}
