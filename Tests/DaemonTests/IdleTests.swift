import Frontend
import FuseProtocol
import Linux
import TestSupport
import Testing

/// What a daemon costs whose guest asks for nothing.
@Suite struct IdleTests {
  @Test func aSessionThatHasJustBegunTakesLittleMemory() throws {
    let guest = try Guest(.swift)
    let process = guest.daemon.process.id
    let own = try #require(try ownByteCount(of: process, "RssAnon:"))
    let files = try #require(try ownByteCount(of: process, "RssFile:"))
    // A release build, with Swift's library inside, has 1.7 and 7.2 MiB. Without giving back the
    // code that starting needed this build would have 20.
    #expect(own <= 3 << 20)
    #expect(own + files <= 16 << 20)
  }

  @Test func noThreadWakesUp() throws {
    let guest = try Guest(.swift)
    _ = try guest.client.getattr()
    #expect(try comesToRest(guest))
  }

  /// Mounting needs root.
  @Test func noThreadWakesUpAfterAMountWasUsed() throws {
    let guest = try Guest(.swift) { share in
      try hostMakeDirectory("\(share)/mount")
      try FileSystemMounting.mount(
        source: "none", at: "\(share)/mount", type: "tmpfs", flags: [], data: "size=1m")
    }
    defer { try? FileSystemMounting.unmount(guest.share("mount"), .detach) }
    let node = try guest.client.lookup("mount").node
    _ = try guest.client.mkdir("d", in: node)
    #expect(try comesToRest(guest))
  }

  /// Whether some gap, longer than anything that is done now and then, has no wake-up in it.
  private func comesToRest(_ guest: Guest) throws -> Bool {
    try waitUntil(.seconds(40)) {
      let before = try sleepCounts(of: guest.daemon.process.id)
      // More than double the time that a mount is looked after without being used.
      SystemClock.sleep(milliseconds: 5000)
      return try sleepCounts(of: guest.daemon.process.id) == before
    }
  }

  /// Resident memory of one kind, a line of `status`; the guest's is a third kind.
  private func ownByteCount(of process: Int32, _ kind: String) throws -> Int? {
    let text = try hostReadText("/proc/\(process)/status")
    let line = text.split(separator: "\n").first { $0.hasPrefix(kind) }
    return (line?.drop { !$0.isNumber }.prefix { $0.isNumber }).flatMap { Int($0) }.map {
      $0 * 1024
    }
  }

  /// How often each thread has gone to sleep.
  private func sleepCounts(of process: Int32) throws -> [String: Substring] {
    var counts: [String: Substring] = [:]
    for thread in try hostNames("/proc/\(process)/task") {
      let text = try hostReadText("/proc/\(process)/task/\(thread)/status")
      counts[thread] = text.split(separator: "\n").first { $0.hasPrefix("voluntary") }
    }
    return counts
  }
}
