import Testing
import Trace

@Suite struct ExchangeTests {
  private func record(_ kind: TraceRecord.Kind, _ serial: UInt64, time: UInt64 = 0) -> TraceRecord {
    TraceRecord(time: time, kind: kind, vring: 1, serial: serial)
  }

  @Test func repliesFindTheirRequests() {
    var pairing = ExchangePairing()
    #expect(pairing.add(record(.request, 1, time: 10)) == nil)
    #expect(pairing.add(record(.request, 2, time: 11)) == nil)
    #expect(pairing.add(record(.event, 1)) == nil)
    let second = pairing.add(record(.reply, 2, time: 20))
    #expect(second?.request.serial == 2 && second?.nanoseconds == 9)
    #expect(pairing.waitingCount == 1)
    #expect(pairing.add(record(.reply, 1, time: 5))?.nanoseconds == 0)
    #expect(pairing.removeOldest() == nil)
  }

  @Test func aReplyWithoutARequestIsCounted() {
    var pairing = ExchangePairing()
    #expect(pairing.add(record(.reply, 1)) == nil)
    #expect(pairing.unmatchedReplyCount == 1)
  }

  @Test func requestsWithoutRepliesComeAtTheEndInTheirOrder() {
    var pairing = ExchangePairing()
    for serial in UInt64(1)...5 { _ = pairing.add(record(.request, serial)) }
    _ = pairing.add(record(.reply, 2))
    var serials: [UInt64] = []
    while let exchange = pairing.removeOldest() {
      #expect(exchange.reply == nil && exchange.nanoseconds == nil)
      serials.append(exchange.request.serial)
    }
    #expect(serials == [1, 3, 4, 5])
  }

  @Test func theOldestIsGivenUpBeyondTheLimit() {
    var pairing = ExchangePairing(limit: 2)
    #expect(pairing.add(record(.request, 1)) == nil)
    #expect(pairing.add(record(.request, 2)) == nil)
    #expect(pairing.add(record(.request, 3))?.request.serial == 1)
    #expect(pairing.waitingCount == 2)
  }

  @Test func aSerialUsedTwiceGivesUpTheFirst() {
    var pairing = ExchangePairing()
    _ = pairing.add(record(.request, 1, time: 1))
    #expect(pairing.add(record(.request, 1, time: 2))?.request.time == 1)
    #expect(pairing.add(record(.reply, 1, time: 3))?.nanoseconds == 1)
  }

  @Test func aLongCaptureDoesNotGrowWhatIsKept() {
    var pairing = ExchangePairing(limit: 4)
    _ = pairing.add(record(.request, 0))
    var complete = 0
    for serial in UInt64(1)...100_000 {
      _ = pairing.add(record(.request, serial))
      if pairing.add(record(.reply, serial)) != nil { complete += 1 }
    }
    #expect(complete == 100_000 && pairing.waitingCount == 1)
  }

  /// A file that breaks the rule must not cost time that grows with the square of its length.
  @Test func serialsThatComeAgainAreForgotten() {
    var pairing = ExchangePairing()
    _ = pairing.add(record(.request, 9))
    let start = ContinuousClock.now
    for _ in 0..<200_000 {
      _ = pairing.add(record(.request, 1))
      _ = pairing.add(record(.request, 2))
      _ = pairing.add(record(.reply, 1))
      _ = pairing.add(record(.reply, 2))
    }
    #expect(ContinuousClock.now - start < .seconds(30))
    #expect(pairing.waitingCount == 1)
    #expect(pairing.removeOldest()?.request.serial == 9)
  }

  /// Requests with large messages do not wait beyond a bound, also in place of small ones.
  @Test func whatWaitsIsBoundedInBytes() {
    var pairing = ExchangePairing()
    for serial in UInt64(0)..<300 { _ = pairing.add(record(.request, serial)) }
    let message = [UInt8](repeating: 0, count: 1 << 20)
    var largeCount = 0
    for serial in UInt64(0)..<300 {
      var large = record(.request, serial)
      large.message = message
      if let exchange = pairing.add(large), !exchange.request.message.isEmpty { largeCount += 1 }
    }
    #expect(largeCount > 40 && pairing.waitingCount == 300)
  }
}
