import Frontend
import FuseProtocol
import Linux
import Testing

@testable import Virtiofsctl

/// The parts of `virtiofsctl mount` that need no mount.
@Suite struct MountPartsTests {
  @Test func theTableOfMountsIsRead() {
    let text = """
      22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
      junk
      40 22 0:33 / /a\\040b\\134c rw,nosuid - fuse.virtiofs /run/sock rw,user_id=0
      41 22 0:34 /sub /mnt rw shared:2 master:3 propagate_from:4 - tmpfs none rw
      42 22 0:35 / /mnt rw - fuse.virtiofs s rw
      """
    let table = MountTable(Array(text.utf8))
    #expect(table.entries.map(\.id) == [22, 40, 41, 42])
    #expect(table.top(at: "/a b\\c")?.type == "fuse.virtiofs")
    #expect(table.top(at: "/mnt")?.id == 42)
    let made = MountTable.Entry(
      id: 40, device: "0:33", path: Array("/before".utf8), type: "fuse.virtiofs",
      source: "/run/sock")
    #expect(table.entry(of: made)?.path == Array("/a b\\c".utf8), "it may have been moved")
    for key in [\MountTable.Entry.device, \.type, \.source] {
      var gone = made
      gone[keyPath: key] = "other"
      #expect(table.entry(of: gone) == nil, "numbers are used again")
    }
    #expect(table.top(at: "/none") == nil)
  }

  @Test func whatOnlyOneSideMeansIsKeptFromTheOther() {
    let offered: InitFlags = [
      .asyncRead, .spliceRead, .spliceWrite, .spliceMove, .maximumPages, .passthrough,
      .overIOUring, .abortError, .hasResend, .allowIDMap, .initExtension,
    ]
    let translation = InitTranslation(
      InitIn(
        major: 7, minor: 45, maximumReadahead: 131072, flagsLow: offered.flags,
        flagsHigh: offered.flags2))
    let asked = InitFlags(
      flags: translation.offer.flagsLow, flags2: translation.offer.flagsHigh)
    #expect(asked == [.asyncRead, .maximumPages, .allowIDMap, .initExtension])
    #expect(translation.offer.minor == 45)
    let given: InitFlags = [.asyncRead, .maximumPages, .mapAlignment, .submounts, .passthrough]
    let reply = translation.reply(
      InitOut(
        major: 7, minor: 45, flagsLow: given.flags | 1 << 30, maximumWrite: 4 << 20,
        maximumPages: 1024, mapAlignment: 12, flagsHigh: given.flags2, maximumStackDepth: 2))
    #expect(reply.flagsLow == InitFlags([.asyncRead, .maximumPages]).flags)
    #expect(reply.flagsHigh == 0)
    #expect(reply.maximumWrite == 1 << 20)
    #expect(reply.maximumPages == 256)
    #expect(reply.maximumStackDepth == 0)
  }

  /// The room that the kernel has, by `fuse_kernel.h`; the words are those of the arguments.
  @Test(
    arguments: [
      (Opcode.lookup, [:], 128), (.getattr, [:], 104), (.open, [:], 16), (.create, [:], 144),
      (.read, [4: 70000], 70000), (.readdirplus, [4: 4096], 4096), (.write, [:], 8),
      (.getxattr, [0: 0], 8), (.getxattr, [0: 300], 300), (.listxattr, [0: 65536], 65536),
      (.readlink, [:], 4095), (.statfs, [:], 80), (.lseek, [:], 8), (.getlk, [:], 24),
      (.ioctl, [7: 8], 4112), (.ioctl, [7: 8192], 8208), (.copyFileRange64, [:], 8),
      (.release, [:], 0), (.statx, [:], 288),
    ] as [(Opcode, [Int: UInt32], Int)])
  func rooms(opcode: Opcode, arguments: [Int: UInt32], byteCount: Int) {
    var head = MessageHead()
    head.header.opcode = opcode.rawValue
    for (index, value) in arguments { head.arguments[index] = value }
    #expect(head.treatment == .passed(replyByteCount: byteCount))
  }

  @Test func whatIsNotPassedOn() {
    var head = MessageHead()
    for (opcode, treatment) in [
      (Opcode.forget.rawValue, .forgotten), (Opcode.batchForget.rawValue, .forgotten),
      (Opcode.interrupt.rawValue, .refused(.notImplemented)),
      (Opcode.notifyReply.rawValue, .dropped), (777, .refused(.notImplemented)),
    ] as [(UInt32, MessageTreatment)] {
      head.header.opcode = opcode
      #expect(head.treatment == treatment)
    }
  }

  @Test func aReplyHasRoomBesideItsRequest() throws {
    let region = try MemoryRegion(guestAddress: GuestAddress(rawValue: 1 << 20), byteCount: 4 << 20)
    let slot = try BridgeSlot(in: region)
    let page = UInt64(4096)
    #expect((slot.head.address.rawValue + 80) % page == 0)
    #expect(slot.data.address.rawValue % page == 0)
    let data = try #require(slot.body(ofByteCount: 1 << 20, besideRequest: 80))
    #expect(data.address == slot.data.address)
    let small = try #require(slot.body(ofByteCount: 8, besideRequest: 80 + 1 << 20))
    #expect(small.address.rawValue + 8 <= slot.head.address.rawValue)
    let value = try #require(slot.body(ofByteCount: 65536, besideRequest: 90))
    #expect(value.address == slot.data.address + 4096)
    #expect(slot.body(ofByteCount: 1 << 20, besideRequest: 1 << 20) == nil)
  }

  /// A lane with room for two messages, which nobody takes.
  private func fullLane(_ session: MountSession, timeout: Duration) throws -> ForgetLane {
    let region = try MemoryRegion(guestAddress: GuestAddress(rawValue: 1 << 20), byteCount: 1 << 20)
    let ring = try DriverRing(vring: 0, size: 4, features: [], arena: Arena(region))
    let lane = ForgetLane(RequestQueue(ring: ring), session: session, timeout: timeout)
    for _ in 0..<2 { try lane.send(Self.forgetHeader, Array(repeating: 0, count: 8)) }
    return lane
  }

  private static let forgetHeader = InHeader(byteCount: 48, opcode: Opcode.forget.rawValue)

  @Test func aBackendThatTakesNoForgetIsSilent() throws {
    let session = try MountSession()
    let lane = try fullLane(session, timeout: .seconds(1))
    #expect(throws: MountEnd.silent("taken FORGET", seconds: 1)) {
      try lane.send(Self.forgetHeader, Array(repeating: 0, count: 8))
    }
    // Nobody else waits for it again.
    session.end(.signaled)
    let start = SystemClock.now
    try lane.send(Self.forgetHeader, Array(repeating: 0, count: 8))
    #expect(SystemClock.now - start < .milliseconds(500))
  }

  @Test func theEndOfTheSessionEndsTheWaitOfAForget() throws {
    let session = try MountSession()
    let lane = try fullLane(session, timeout: .zero)
    let thread = try JoinableThread(name: "forget") {
      do throws(MountEnd) {
        try lane.send(Self.forgetHeader, Array(repeating: 0, count: 8))
      } catch {
        Issue.record(error)
      }
    }
    session.end(.signaled)
    thread.join()
  }
}
