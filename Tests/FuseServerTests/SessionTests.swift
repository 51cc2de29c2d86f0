import FuseProtocol
import FuseServer
import Linux
import Testing

/// INIT, DESTROY and what is between them.
@Suite struct SessionTests {
  private static let linux612 = InitIn(
    major: 7, minor: 41, maximumReadahead: 131_072, flagsLow: 0x7bff_fffb, flagsHigh: 0x1ff)
  private static let edk2 = InitInCompat(
    major: 7, minor: 31, flagsLow: InitFlags.doReaddirplus.flags)

  private func initialize(_ client: Client, _ offer: InitIn = linux612) throws -> InitOut {
    let answer = client.send(.`init`, .of(offer), node: NodeID(rawValue: 0))
    #expect(answer.error == 0)
    #expect(answer.body.count == 64)
    return try #require(answer.body.value())
  }

  @Test func initBeginsASession() throws {
    let client = Client(established: false)
    _ = try initialize(client)
    #expect(client.files.calls == ["begin"])
    #expect(client.session.isEstablished)
    #expect(client.send(.getattr, .of(GetattrIn())).error == 0)
  }

  @Test func aSecondInitIsANewSession() throws {
    let client = Client(established: false)
    client.files.preferences.flags = [.asyncRead, .posixACL]
    _ = try initialize(client)
    #expect(client.session.flags.contains(.posixACL))
    _ = try initialize(client, InitIn(major: 7, minor: 31, flagsLow: 1))
    #expect(client.session.flags == .asyncRead)
    #expect(client.session.minor == 31)
    #expect(client.files.calls == ["begin", "begin"])
  }

  @Test func destroyEndsIt() throws {
    let client = Client(established: false)
    _ = try initialize(client)
    let destroyed = client.send(.destroy)
    #expect(destroyed.error == 0 && destroyed.header?.byteCount == 16)
    #expect(client.files.calls == ["begin", "end"])
    #expect(client.send(.getattr, .of(GetattrIn())).error == -Errno.inputOutput.rawValue)
    #expect(client.send(.destroy).error == -Errno.inputOutput.rawValue)
    _ = try initialize(client)
    #expect(client.files.calls == ["begin", "end", "begin"])
    #expect(client.send(.getattr, .of(GetattrIn())).error == 0)
  }

  @Test func initWithoutRoomForItsReplyBeginsNothing() {
    let client = Client(established: false)
    let answer = client.send(.`init`, .of(Self.linux612), room: 63)
    #expect(answer.error == -Errno.invalidArgument.rawValue)
    #expect(client.files.calls == [] && !client.session.isEstablished)
  }

  @Test func saysWhatTheServerCanTake() throws {
    let client = Client(established: false)
    let reply = try initialize(client)
    #expect(reply.major == 7 && reply.minor == 41)
    #expect(reply.maximumReadahead == 131_072)
    #expect(reply.maximumWrite == 1 << 20 && reply.maximumPages == 256)
    #expect(reply.maximumBackground == 65535 && reply.congestionThreshold == 49149)
    #expect(reply.timeGranularity == 1)
    #expect(reply.mapAlignment == 0 && reply.requestTimeout == 0 && reply.maximumStackDepth == 0)
  }

  @Test func aWriteIsNeverLimitedToLessThanAPage() throws {
    let client = Client(established: false)
    client.files.preferences.maximumWriteByteCount = 1
    let reply = try initialize(client)
    #expect(reply.maximumWrite == 4096 && reply.maximumPages == 1)
  }

  @Test func withoutMaximumPagesThereAreNone() throws {
    let reply = try initialize(
      Client(established: false), InitIn(major: 7, minor: 31, flagsLow: 1))
    #expect(reply.maximumPages == 0)
  }

  @Test(arguments: [27, 31, 38, 46, 47, 100] as [UInt32])
  func theLowerMinorCounts(_ minor: UInt32) throws {
    let client = Client(established: false)
    let reply = try initialize(client, InitIn(major: 7, minor: minor))
    #expect(reply.minor == min(46, minor))
    #expect(client.session.minor == min(46, minor))
  }

  @Test(arguments: [(7, 26), (7, 0), (6, 99), (0, 31)] as [(UInt32, UInt32)])
  func oldVersionsAreRefused(_ major: UInt32, _ minor: UInt32) {
    let client = Client(established: false)
    let answer = client.send(.`init`, .of(InitIn(major: major, minor: minor)))
    #expect(answer.error == -Errno.protocolError.rawValue)
    #expect(client.files.calls == [] && !client.session.isEstablished)
  }

  @Test func aNewerMajorIsToldOurs() throws {
    let client = Client(established: false)
    let reply = try initialize(client, InitIn(major: 8, minor: 1, flagsLow: .max))
    #expect(reply.major == 7 && reply.minor == 46 && reply.flagsLow == 0)
    #expect(client.files.calls == [] && !client.session.isEstablished)
  }

  @Test func onlyWhatBothSidesHaveIsAgreedTo() throws {
    let client = Client(established: false)
    client.files.preferences.flags = [.asyncRead, .posixACL, .createSupplementaryGroup]
    let offer: InitFlags = [.asyncRead, .submounts, .createSupplementaryGroup, .readdirplusAuto]
    let reply = try initialize(
      client, InitIn(major: 7, minor: 41, flagsLow: offer.flags, flagsHigh: offer.flags2))
    let agreed = InitFlags(flags: reply.flagsLow, flags2: reply.flagsHigh)
    #expect(agreed == [.asyncRead, .createSupplementaryGroup, .initExtension])
    #expect(client.session.flags == agreed)
    #expect(client.files.agreements.map(\.flags) == [agreed])
  }

  @Test func theUpperFlagsNeedTheGuestsWord() throws {
    let client = Client(established: false)
    client.files.preferences.flags = [.createSupplementaryGroup]
    let reply = try initialize(
      client, InitIn(major: 7, minor: 41, flagsLow: 1, flagsHigh: .max))
    #expect(reply.flagsHigh == 0)
    #expect(reply.flagsLow & InitFlags.initExtension.flags == 0)
  }

  @Test func whatOnlyDevFuseHasIsNeverTaken() throws {
    let client = Client(established: false)
    client.files.preferences.flags = InitFlags(rawValue: .max)
    let reply = try initialize(
      client, InitIn(major: 7, minor: 46, flagsLow: .max, flagsHigh: .max))
    let agreed = InitFlags(flags: reply.flagsLow, flags2: reply.flagsHigh)
    let refused: InitFlags = [
      .spliceRead, .spliceWrite, .spliceMove, .passthrough, .overIOUring, .hasBufferPool,
      .hasResend, .abortError, InitFlags(rawValue: 1 << 31),
    ]
    #expect(agreed.isDisjoint(with: refused))
  }

  /// EDK2 sends 16 bytes and cannot do without READDIRPLUS, whatever the cache policy wants.
  @Test func theFirmwareGetsWhatItNeeds() throws {
    let client = Client(established: false)
    let answer = client.send(.`init`, .of(Self.edk2))
    #expect(answer.body.count == 64)
    let reply = try #require(answer.body.value(InitOut.self))
    #expect(reply.minor == 31 && reply.maximumWrite >= 4096)
    #expect(reply.flagsLow == InitFlags.doReaddirplus.flags && reply.flagsHigh == 0)
  }

  @Test func aGuestThatCanChooseGetsReaddirplusOnlyIfWanted() throws {
    let client = Client(established: false)
    let without = try initialize(client)
    #expect(without.flagsLow & InitFlags.doReaddirplus.flags == 0)
    client.files.preferences.flags = [.doReaddirplus, .readdirplusAuto]
    let with = try initialize(client)
    #expect(with.flagsLow & InitFlags.doReaddirplus.flags != 0)
  }

  @Test func theLayoutOfSetxattrFollowsTheAgreement() throws {
    let client = Client(established: false)
    client.files.preferences.flags = .setxattrExtension
    _ = try initialize(client)
    client.files.forgetCalls()
    _ = client.send(
      .setxattr, .of(SetxattrIn(byteCount: 1, flags: 2, extendedFlags: 1)) + .name("n") + [0])
    #expect(client.files.calls == ["setxattr n 1 2 1"])
  }

  @Test func endedByTheDevice() {
    let client = Client()
    client.session.end { client.files.end() }
    #expect(!client.session.isEstablished && client.session.flags == [])
    #expect(client.files.calls == ["end"])
  }
}
