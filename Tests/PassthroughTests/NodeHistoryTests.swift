import Linux
import Passthrough
import TestSupport
import Testing

/// One file, one node, whatever host and guest do and whichever calls fail (design 7).
@Suite(.enabled(if: hasHandles, "temporary directories have no file handles"))
struct NodeHistoryTests {
  private static let historyCount = 1500
  private static let stepCount = 150

  @Test func noHistoryBreaksTheRule() throws {
    var random = SeededRandom()
    var reuseCount = 0
    for _ in 0..<Self.historyCount {
      let setting = HistorySetting(&random)
      let steps = (0..<Self.stepCount).map { _ in HistoryStep(&random) }
      do {
        var run = try HistoryRun(setting)
        try run.run(steps)
        reuseCount += run.reuseCount
      } catch {
        let short = shrink(steps, setting)
        Issue.record("seed \(random.seed); \(setting): \(error); shortest: \(short)")
        return
      }
    }
    #expect(reuseCount > 100, "the file system gave too few inode numbers a second time")
  }

  /// The steps without those that are not needed for failing.
  private func shrink(_ steps: [HistoryStep], _ setting: HistorySetting) -> [HistoryStep] {
    func fails(_ steps: [HistoryStep]) -> Bool {
      do {
        var run = try HistoryRun(setting)
        try run.run(steps)
        return false
      } catch {
        return true
      }
    }
    var shortest = steps
    var size = steps.count / 2
    while size > 0 {
      var start = 0
      while start < shortest.count {
        var candidate = shortest
        candidate.removeSubrange(start..<min(start + size, shortest.count))
        if fails(candidate) { shortest = candidate } else { start += size }
      }
      size /= 2
    }
    return shortest
  }
}
