import Testing

@testable import Daemon

/// How often somebody outside can make us write a line.
@Suite struct LogTests {
  @Test func tenLinesAtOnceAndOneASecond() {
    let limiter = LineLimiter()
    let burst = (0..<12).map { _ in limiter.admit(at: .seconds(100)) }
    #expect(burst == [_](repeating: .write(suppressed: 0), count: 10) + [.drop, .drop])
    #expect(limiter.admit(at: .milliseconds(100_900)) == .drop)
    #expect(limiter.admit(at: .seconds(101)) == .write(suppressed: 3))
    #expect(limiter.admit(at: .seconds(101)) == .drop)
  }

  @Test func quietTimeGivesBackTheBurstAndNoMore() {
    let limiter = LineLimiter()
    for _ in 0..<20 { _ = limiter.admit(at: .seconds(1)) }
    let verdicts = (0..<11).map { _ in limiter.admit(at: .seconds(1_000_000)) }
    #expect(verdicts.first == .write(suppressed: 10))
    #expect(verdicts.last == .drop)
    #expect(verdicts.filter { $0 == .write(suppressed: 0) }.count == 9)
  }

  @Test func linesBelowTheLevelAreNotPutTogether() {
    let log = Log(level: .off, toSyslog: false)
    var count = 0
    func text() -> String {
      count += 1
      return "text"
    }
    log.error(text())
    log.warningFromOutside(text())
    Log(level: .error, toSyslog: false).debug(text())
    Log(level: .error, toSyslog: false).warningFromOutside(text())
    #expect(count == 0)
  }
}
