import FuseProtocol
import FuseServer
import Linux
import Passthrough
import Synchronization
import TestSupport
import Testing

/// Names that are looked up without opening what they name.
@Suite(.enabled(if: hasHandles, "temporary directories have no file handles"))
struct SteadyNamesTests {
  /// A directory "d" with files "a" and "b" in it, as a guest sees it that is about to list it.
  private final class Listing {
    let share: NodeFixture
    let directory: NodeID
    let file: OwnedDescriptor
    let memory: NamesMemory

    init(quietTime: Int64? = nil, pinLimit: Int = 0) throws {
      share = try NodeFixture(.prefer, pinLimit: pinLimit)
      try hostMakeDirectory(share.path("d"))
      try hostWrite(share.path("d/a"), "a")
      try hostWrite(share.path("d/b"), "b")
      directory = try share.node("d")
      file = try openDirectory(share.path("d"))
      let quietTime = try quietTime ?? PassthroughTests.quietTime(in: share.directory.path)
      memory = NamesMemory(SteadyNames(quietTime: quietTime))
    }

    func steadiness() -> Steadiness? {
      share.nodes.steadiness(of: directory, file.borrowed, &memory.names)
    }

    func find(_ name: String, _ steadiness: Steadiness) throws -> NodeID? {
      try withPathName(name) { (path) throws(Errno) in
        share.nodes.find(path, in: file.borrowed, steadiness, &memory.names)?.0
      }
    }

    func confirm(_ steadiness: Steadiness) -> Bool {
      share.nodes.confirm(&memory.names, of: directory, file.borrowed, steadiness)
    }

    /// What `name` leads to while nothing changes, if that can be told.
    func list(_ name: String) throws -> NodeID? {
      while true {
        let steadiness = try waitForSteadiness()
        let node = try find(name, steadiness)
        // What was remembered may be over.
        if confirm(steadiness) { return node }
      }
    }

    /// A steadiness, as soon as the clock lets there be one.
    func waitForSteadiness() throws -> Steadiness {
      for _ in 0..<1000 {
        if let steadiness = steadiness() { return steadiness }
        pause(milliseconds: 5)
      }
      throw BrokenRule(description: "the directory never becomes steady")
    }
  }

  @Test func whatIsFoundIsWhatLookupFindsAndHoldsNothingOpen() throws {
    let listing = try Listing(pinLimit: 10)
    let steadiness = try listing.waitForSteadiness()
    let held = listing.share.descriptors.used
    let a = try #require(try listing.find("a", steadiness))
    let b = try #require(try listing.find("b", steadiness))
    #expect(listing.confirm(steadiness))
    #expect(listing.share.descriptors.used == held)
    #expect(try listing.share.node("a", in: listing.directory) == a)
    #expect(try listing.share.node("b", in: listing.directory) == b)
    #expect(try listing.share.contents(a) == "a")
    #expect(try listing.find("a", steadiness) == a)
    #expect(listing.confirm(steadiness))
    listing.share.nodes.forget(a, lookups: 3)
    listing.share.nodes.forget(b, lookups: 2)
    #expect(listing.share.nodes.count == 2)
  }

  /// The directory's names do not change, and still what is asked for gets a pin.
  @Test func aFileThatIsAskedForAgainAndAgainIsPinned() throws {
    let listing = try Listing(pinLimit: 10)
    _ = try listing.list("a")
    let held = listing.share.descriptors.used
    for _ in 0..<4 {
      _ = try withPathName("a") { (path) throws(Errno) in
        try listing.share.nodes.lookup(path, in: listing.directory, &listing.memory.names)
      }
    }
    #expect(listing.share.descriptors.used == held + 1)
  }

  @Test(arguments: ["made", "removed", "renamed", "replaced", "exchanged"])
  func aNameThatChangesMeanwhileTakesAllBack(change: String) throws {
    let listing = try Listing()
    let known = try #require(try listing.list("a"))
    let steadiness = try listing.waitForSteadiness()
    #expect(try listing.find("a", steadiness) == known)
    #expect(try listing.find("b", steadiness) != nil)
    switch change {
    case "made": try hostWrite(listing.share.path("d/c"), "")
    case "removed": try hostRemove(listing.share.path("d/b"))
    case "renamed": try hostRename(listing.share.path("d/b"), to: listing.share.path("c"))
    case "replaced": try hostRename(listing.share.path("d/b"), to: listing.share.path("d/a"))
    case _: try hostExchange(listing.share.path("d/a"), listing.share.path("d/b"))
    }
    #expect(!listing.confirm(steadiness))
    // The root, the directory and what was known before, by one lookup.
    #expect(listing.share.nodes.count == 3)
    listing.share.nodes.forget(known, lookups: 1)
    #expect(listing.share.nodes.count == 2)
  }

  #if DEBUG
    /// Between number and handle the names change places: what has one's number and the other's
    /// handle is no file, and nobody may come to know it as one.
    @Test func aNumberAndAHandleOfTwoFilesAreNobody() throws {
      let listing = try Listing(pinLimit: 10)
      let share = listing.share
      try hostMakeFIFO(share.path("d/fifo"))
      let steadiness = try listing.waitForSteadiness()
      let plan = FaultPlan()
      plan.interruption = (
        .makeHandle, { try? hostExchange(share.path("d/a"), share.path("d/fifo")) }
      )
      let mixed = try plan.whileActive { try listing.find("a", steadiness) }
      #expect(plan.interruption == nil)
      // What another thread looks up before this one knows.
      let (fifo, status) = try share.lookup("a", in: listing.directory)
      #expect(try share.nodes.fileType(of: fifo) == status.fileType)
      #expect(status.fileType != FileStatus.regularType)
      let holds = listing.confirm(steadiness)
      #expect(mixed == nil || !holds)
      // Asked for twice, so that they are pinned.
      for _ in 0..<3 { #expect(try share.status(fifo).inode == status.inode) }
      let (file, fileStatus) = try share.lookup("fifo", in: listing.directory)
      #expect(try share.nodes.fileType(of: file) == FileStatus.regularType)
      try #require(file != fifo)
      for _ in 0..<3 { #expect(try share.status(file).inode == fileStatus.inode) }
      #expect(try share.contents(file) == "a")
      #expect(try share.node("a", in: listing.directory) == fifo)
      #expect(try share.node("fifo", in: listing.directory) == file)
    }

    /// A change that is under way has moved the change time, but not yet the name.
    @Test func aDirectoryOfWhichChangesCannotBeWaitedForIsNotSteady() throws {
      let listing = try Listing()
      FaultPlan([Fault(.status, .stale, .after(1))]).whileActive {
        #expect(listing.steadiness() == nil)
      }
      // Who is asked for a second time is the directory.
      _ = try listing.waitForSteadiness()
    }
  #endif

  @Test func whatIsRememberedOfAForgottenDirectoryIsNothing() throws {
    let listing = try Listing()
    _ = try listing.waitForSteadiness()
    listing.share.nodes.forget(listing.directory, lookups: .max)
    #expect(listing.steadiness() == nil)
  }

  @Test func aDirectoryThatHasJustChangedIsNotSteady() throws {
    let listing = try Listing(quietTime: 3_600_000_000_000)
    #expect(listing.steadiness() == nil)
  }

  /// A number that was another file's leads to that one's node, which must not be taken.
  @Test func aNumberThatIsUsedAgainIsAnotherNode() throws {
    let listing = try Listing()
    var isReused = false
    for _ in 0..<200 where !isReused {
      let old = try listing.list("a")
      let number = try listing.share.lookup("a", in: listing.directory).1.inode
      try hostRemove(listing.share.path("d/a"))
      try hostWrite(listing.share.path("d/a"), "again")
      let new = try listing.list("a")
      #expect(new != old)
      let (node, status) = try listing.share.lookup("a", in: listing.directory)
      #expect(new == nil || node == new)
      #expect(node != old)
      isReused = status.inode == number
      #expect(try listing.share.contents(node) == "again")
    }
    #expect(isReused, "the file system gave no inode number a second time")
  }

  /// A directory that others change all the time, listed as a guest does.
  ///
  /// Each file has a size of its own, from before it has its name.
  @Test func whatIsListedWhileNamesStormIsNeverAWrongFile() throws {
    let directory = try TemporaryDirectory("storm")
    let nursery = try TemporaryDirectory("nursery")
    for number in 0..<40 { try bear(nursery, number, as: directory.path("n\(number)")) }
    let share = try Share(
      configuration: Configuration(), directory: try openHostDirectory(directory.path),
      quietTime: try quietTime(in: directory.path))
    let isOver = OverSign()
    let storm = try Thread(name: "storm") {
      var random = SeededRandom()
      var size = 40
      while !isOver.isSet.load(ordering: .relaxed) {
        let name = directory.path("n\(Int.random(in: 0..<40, using: &random))")
        let other = directory.path("n\(Int.random(in: 0..<40, using: &random))")
        if random.oneIn(2) {
          try? hostRename(name, to: other)
        } else {
          try? hostRemove(name)
          try? bear(nursery, size, as: name)
          size += 1
        }
        // Now and then the directory rests, so that it is read as a steady one.
        if random.oneIn(8) { pause(milliseconds: 1) }
      }
    }
    let result = Result {
      try onThread { try list(Guest(directory, sharing: share), times: 400) }
    }
    isOver.isSet.store(true, ordering: .relaxed)
    storm.join()
    try result.get()
  }
}

/// A file of `size` bytes, which has that size before it has its name.
private func bear(
  _ nursery: TemporaryDirectory, _ size: Int, as name: String
) throws(Errno) {
  try hostWrite(nursery.path("new"), "")
  try hostTruncate(nursery.path("new"), size)
  try hostRename(nursery.path("new"), to: name)
}

/// Lists the share, and asks each node for what its record said of it.
private func list(_ guest: Guest, times: Int) throws {
  let handle = try guest.opendir()
  var known: [NodeID] = []
  for time in 0..<times {
    for record in try guest.readAll(handle, plus: true) where record.node.rawValue != 0 {
      known.append(record.node)
      guard let attributes = try? guest.view.getattr(record.node, GetattrIn()) else { continue }
      #expect(attributes.attr.ino == record.attrIno)
      #expect(attributes.attr.size == record.attrSize)
    }
    // For some time they are kept, so that known files are listed as well as unknown ones.
    if time % 4 == 3 {
      for node in known { guest.view.forget(node, lookups: 1) }
      known = []
    }
    guest.view.quiesce()
  }
  for node in known { guest.view.forget(node, lookups: 1) }
  #expect(guest.share.counts.nodes == 1)
  #if DEBUG
    // Both were there to go wrong.
    #expect(guest.view.steadyNames.confirmationCount > 0)
    #expect(guest.view.steadyNames.refusalCount > 0)
  #endif
}

/// Tells a thread that its work is over.
private final class OverSign: Sendable {
  let isSet = Atomic(false)
}

/// Does nothing for a while.
private func pause(milliseconds: Int64) {
  let end = SystemClock.now + .milliseconds(milliseconds)
  while SystemClock.now < end {}
}
