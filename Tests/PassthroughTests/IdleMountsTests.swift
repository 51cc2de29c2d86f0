import FuseProtocol
import Linux
import TestSupport
import Testing

@testable import Passthrough

extension NodeFixture {
  /// What the keeper's thread does after a while, now: nothing was used since.
  fileprivate func idle() {
    _ = nodes.releaseIdleMounts()
    _ = nodes.releaseIdleMounts()
    quiesce()
  }

  /// The host takes the mount away, if nobody uses it.
  fileprivate func unmount(_ name: String) -> Bool {
    // A child that another test starts has our descriptors until it runs its program.
    waitUntil(.seconds(10)) { (try? run(["umount", path(name)])) != nil }
  }

  fileprivate func isBusy(_ name: String) -> Bool {
    (try? run(["umount", path(name)])) == nil
  }
}

/// What the guest knows and does not use does not keep the host from unmounting.
@Suite(.serialized, .enabled(if: mayMount && hasHandles, "needs the right to mount, and handles"))
struct IdleMountsTests {
  private static let memory = ["-t", "tmpfs", "none"]
  /// All that `mountinfo` escapes, and bytes that are no text in it.
  private static let names = ["d", "with space\\and\tmore\nthan \\040 #one", "\u{e4}"]
  private static let modes: [FileHandleMode] = [.prefer, .mandatory]

  @Test(arguments: modes, names)
  func anIdleMountCanBeUnmounted(_ mode: FileHandleMode, _ name: String) throws {
    let share = try NodeFixture(mode, pinLimit: 10)
    try hostMakeDirectory(share.path(name))
    let used = share.descriptors.used
    try share.mounting(Self.memory, on: name) {
      try hostWrite(share.path("\(name)/a"), "text")
      let directory = try share.node(name)
      let file = try share.node("a", in: directory)
      #expect(try share.contents(file) == "text")
      #expect(share.descriptors.used == used + 3)
      #expect(share.isBusy(name))
      share.idle()
      #expect(share.descriptors.used == used)
      // By its handle everything is what it was, and after that idle again.
      #expect(try share.contents(file) == "text")
      #expect(try share.node("a", in: directory) == file)
      #expect(share.isBusy(name))
      share.idle()
      #expect(share.unmount(name))
      for node in [directory, file] {
        #expect(throws: Errno.stale) { try share.status(node) }
        #expect(throws: Errno.stale) { try share.contents(node) }
      }
      #expect(throws: Errno.stale) { try share.node("a", in: directory) }
      let below = try share.node(name)
      #expect(below != directory)
      #expect(throws: Errno.noEntry) { try share.node("a", in: below) }
      #expect(share.descriptors.used <= used + 1)
    }
  }

  @Test func aMountInUseStaysOpen() throws {
    let share = try NodeFixture(.prefer, pinLimit: 10)
    try hostMakeDirectory(share.path("d"))
    try share.mounting(Self.memory, on: "d") {
      try hostWrite(share.path("d/a"), "text")
      let directory = try share.node("d")
      let file = try share.node("a", in: directory)
      let held = share.descriptors.used
      for use in [
        { () throws in _ = try share.status(file) },
        { () throws in _ = try share.node("a", in: directory) },
        { () throws in _ = try share.node("d") },
        { () throws in _ = try share.contents(file) },
      ] {
        for _ in 0..<3 {
          #expect(share.nodes.releaseIdleMounts() == MountKeeper.interval)
          try use()
        }
        #expect(share.descriptors.used == held)
      }
      share.idle()
      #expect(share.nodes.releaseIdleMounts() == nil, "nothing is left to look after")
    }
  }

  /// The pins of a released mount leave room for those of others.
  @Test func pinsThatAreGivenUpAreFree() throws {
    let share = try NodeFixture(.prefer, pinLimit: 3)
    try hostMakeDirectory(share.path("d"))
    try hostWrite(share.path("f"), "")
    try share.mounting(Self.memory, on: "d") {
      for name in ["a", "b"] { try hostWrite(share.path("d/\(name)"), name) }
      let directory = try share.node("d")
      for name in ["a", "b"] { _ = try share.node(name, in: directory) }
      #expect(!share.nodes.pins.hasRoom)
      share.idle()
      #expect(share.nodes.pins.hasRoom)
      let file = try share.node("f")
      #expect(share.nodes.store.slots[try share.nodes.place(of: file)].isPinned)
    }
  }

  @Test func whatHasNoHandleKeepsItsMountBusy() throws {
    let share = try NodeFixture(.prefer, pinLimit: 10)
    try hostMakeDirectory(share.path("d"))
    try share.mounting(Self.memory, on: "d") {
      for name in ["a", "gone"] { try hostWrite(share.path("d/\(name)"), name) }
      let directory = try share.node("d")
      let plan = FaultPlan([Fault(.makeHandle, .overflow, .perMille(1000))])
      let file = try plan.whileActive { try share.node("a", in: directory) }
      let gone = try share.node("gone", in: directory)
      try hostRemove(share.path("d/gone"))
      share.idle()
      #expect(try share.contents(file) == "a")
      #expect(try share.contents(gone) == "gone", "a file without a name stays for who knows it")
      share.idle()
      #expect(share.isBusy("d"))
      // With a handle it can be had again.
      do {
        let place = try openDirectory(share.path("d"))
        let opened = try place.borrowed.open(PathName("a"), .readOnly)
        #expect(try share.nodes.claim(opened).0 == file)
      }
      share.idle()
      // Nobody uses the mount after that.
      share.nodes.forget(gone, lookups: 1)
      share.quiesce()
      #expect(share.unmount("d"))
      #expect(throws: Errno.stale) { try share.contents(file) }
    }
  }

  /// The hand of the pins opens a file by its handle, which is no use of the mount.
  @Test func anAnchorThatWasOpenedForAPinIsClosedAgain() throws {
    let share = try NodeFixture(.prefer, pinLimit: 10)
    try hostMakeDirectory(share.path("d"))
    try share.mounting(Self.memory, on: "d") {
      try hostWrite(share.path("d/gone"), "text")
      let gone = try share.node("gone", in: try share.node("d"))
      try hostRemove(share.path("d/gone"))
      share.idle()
      let held = share.descriptors.used
      #expect(!share.nodes.demote(gone), "it has no name left")
      #expect(share.descriptors.used == held + 1)
      share.idle()
      #expect(share.descriptors.used == held)
      share.nodes.forget(gone, lookups: 1)
      share.quiesce()
      #expect(share.unmount("d"))
    }
  }

  @Test func aPinThatCannotBeGivenUpNowIsGivenUpLater() throws {
    let share = try NodeFixture(.prefer, pinLimit: 10)
    try hostMakeDirectory(share.path("d"))
    let used = share.descriptors.used
    try share.mounting(Self.memory, on: "d") {
      try hostWrite(share.path("d/a"), "text")
      _ = try share.node("a", in: try share.node("d"))
      let held = share.descriptors.used
      _ = share.nodes.releaseIdleMounts()
      let plan = FaultPlan([Fault(.openHandle, .tooManyOpenFiles)])
      let delay = plan.whileActive { share.nodes.releaseIdleMounts() }
      #expect(delay ?? 0 > MountKeeper.interval, "it is tried again")
      #expect(share.descriptors.used == held)
      let isReleased = waitUntil(.seconds(60)) {
        share.idle()
        return share.descriptors.used == used
      }
      #expect(isReleased)
      #expect(share.unmount("d"))
    }
  }

  @Test func anOpenFileKeepsItsMountBusy() throws {
    let share = try NodeFixture(.prefer)
    try hostMakeDirectory(share.path("d"))
    try share.mounting(Self.memory, on: "d") {
      try hostWrite(share.path("d/a"), "text")
      let node = try share.node("a", in: try share.node("d"))
      do {
        let file = try share.nodes.openFile(node, flags: .readOnly)
        share.idle()
        #expect(share.isBusy("d"))
        #expect(try file.borrowed.status().size == 4)
      }
      #expect(share.unmount("d"))
    }
  }

  @Test func aHiddenMountIsKept() throws {
    let share = try NodeFixture(.prefer, pinLimit: 10)
    try hostMakeDirectory(share.path("d"))
    try share.mounting(Self.memory, on: "d") {
      try hostWrite(share.path("d/a"), "first")
      let directory = try share.node("d")
      let file = try share.node("a", in: directory)
      try share.mounting(Self.memory, on: "d") {
        try hostWrite(share.path("d/a"), "second")
        let held = share.descriptors.used
        _ = share.nodes.releaseIdleMounts()
        let patience = share.nodes.releaseIdleMounts()
        #expect(patience ?? 0 > MountKeeper.interval, "it is tried again, later and later")
        #expect(share.descriptors.used == held)
        #expect(try share.contents(file) == "first")
        #expect(try share.contents(share.node("a", in: share.node("d"))) == "second")
        share.idle()
        #expect(share.unmount("d"))
      }
      // What is on top has gone.
      #expect(try share.node("a", in: directory) == file)
      share.idle()
      #expect(share.unmount("d"))
      #expect(throws: Errno.stale) { try share.contents(file) }
    }
  }

  /// Hidden after it was released: nothing is ever taken for what it was.
  @Test func aReleasedMountThatIsHiddenIsOutOfReachUntilItIsSeenAgain() throws {
    let share = try NodeFixture(.prefer)
    try hostMakeDirectory(share.path("d"))
    try share.mounting(Self.memory, on: "d") {
      try hostMakeDirectory(share.path("d/e"))
      try hostWrite(share.path("d/a"), "first")
      let file = try share.node("a", in: try share.node("d"))
      share.idle()
      try share.mounting(Self.memory, on: "d") {
        try hostWrite(share.path("d/a"), "second")
        #expect(throws: Errno.stale) { try share.contents(file) }
        #expect(try share.node("a", in: try share.node("d")) != file)
        share.idle()
        #expect(share.unmount("d"))
      }
      #expect(try share.contents(file) == "first")
    }
  }

  /// Unmounted lazily: the file system goes as soon as nobody uses it, and with it its nodes.
  @Test func aDetachedMountIsLetGo() throws {
    let share = try NodeFixture(.prefer, pinLimit: 10)
    try hostMakeDirectory(share.path("d"))
    let used = share.descriptors.used
    try share.mounting(Self.memory, on: "d") {
      try hostWrite(share.path("d/a"), "text")
      let file = try share.node("a", in: try share.node("d"))
      try run(["umount", "--lazy", share.path("d")])
      #expect(try share.contents(file) == "text")
      share.idle()
      #expect(share.descriptors.used == used)
      for _ in 0..<2 { #expect(throws: Errno.stale) { try share.contents(file) } }
    }
  }

  /// A mount is the same mount wherever it is moved below the share.
  @Test func aMovedMountIsFound() throws {
    let share = try NodeFixture(.prefer)
    for name in ["p", "p/d", "e"] { try hostMakeDirectory(share.path(name)) }
    // What is below a shared mount cannot be moved.
    try share.mounting(Self.memory, on: "p") {
      try run(["mount", "--make-private", share.path("p")])
      for name in ["p/d", "p/e"] { try hostMakeDirectory(share.path(name)) }
      try share.mounting(Self.memory, on: "p/d") {
        try hostWrite(share.path("p/d/a"), "text")
        let parent = try share.node("p")
        let file = try share.node("a", in: try share.node("d", in: parent))
        share.idle()
        try run(["mount", "--move", share.path("p/d"), share.path("p/e")])
        defer { try? run(["umount", "-l", share.path("p/e")]) }
        #expect(try share.contents(file) == "text")
        #expect(try share.node("a", in: try share.node("e", in: parent)) == file)
      }
    }
  }

  @Test func aMountedFileIsReleasedToo() throws {
    let share = try NodeFixture(.prefer, pinLimit: 10)
    try hostWrite(share.path("source"), "source")
    try hostWrite(share.path("target"), "target")
    try share.mounting(["--bind", share.path("source")], on: "target") {
      let node = try share.node("target")
      let used = share.descriptors.used
      share.idle()
      #expect(share.descriptors.used < used)
      #expect(try share.contents(node) == "source")
      share.idle()
      #expect(share.unmount("target"))
      #expect(throws: Errno.stale) { try share.contents(node) }
      #expect(try share.contents(try share.node("target")) == "target")
    }
  }

  /// Without a descriptor left the guest's request fails, and nothing else changes.
  @Test func runningOutOfDescriptorsIsThatRequestsError() throws {
    let share = try NodeFixture(.prefer, descriptorLimit: 4)
    try hostMakeDirectory(share.path("d"))
    try share.mounting(Self.memory, on: "d") {
      try hostWrite(share.path("d/a"), "text")
      let file = try share.node("a", in: try share.node("d"))
      share.idle()
      let free = 4 - share.descriptors.used
      for _ in 0..<free { try share.descriptors.take() }
      #expect(throws: Errno.tableFull) { try share.contents(file) }
      share.descriptors.give()
      #expect(try share.contents(file) == "text")
      for _ in 1..<free { share.descriptors.give() }
    }
  }

  /// One uses the nodes, one releases the mount under them: no use ever sees it.
  @Test func releasingUnderUseIsNotSeen() throws {
    let share = try NodeFixture(.prefer, pinLimit: 4)
    try hostMakeDirectory(share.path("d"))
    try share.mounting(Self.memory, on: "d") {
      for number in 0..<8 { try hostWrite(share.path("d/f\(number)"), "\(number)") }
      let directory = try share.node("d")
      let nodes = try (0..<8).map { try share.node("f\($0)", in: directory) }
      share.whileIdle {
        try? onThreads(3) { thread in
          let view = share.limbo.register()
          defer { share.limbo.unregister(view) }
          for step in 0..<2000 {
            share.limbo.quiesce(view)
            guard thread > 0 else {
              _ = share.nodes.releaseIdleMounts()
              continue
            }
            let number = (step + thread) % 8
            #expect(throws: Never.self) {
              let status = try share.nodes.withDescriptor(of: nodes[number]) {
                (file) throws(Errno) in try file.status()
              }
              #expect(status.size == 1)
              if step % 16 == 0 {
                #expect(try share.node("f\(number)", in: directory) == nodes[number])
              }
            }
          }
        }
      }
      share.idle()
      share.quiesce()
      #expect(share.unmount("d"))
    }
  }
}
