import TestSupport
import Testing

@testable import Virtiofsctl

@Suite struct LatencyHistogramTests {
  @Test func shortLengthsAreExact() {
    var histogram = LatencyHistogram()
    for length in 0..<64 { histogram.record(nanoseconds: length) }
    for length in 0..<64 {
      #expect(histogram.quantile(Double(length + 1) / 64) == Double(length))
    }
    #expect(histogram.mean == 31.5)
  }

  @Test func quantilesAreWithinOnePercent() {
    var histogram = LatencyHistogram()
    var lengths: [Int] = []
    var random = SeededRandom(seed: 1)
    for _ in 0..<20_000 {
      let length = Int(random.next() >> UInt64.random(in: 8...57, using: &random))
      lengths.append(length)
      histogram.record(nanoseconds: length)
    }
    lengths.sort()
    for fraction in [0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 1] {
      let exact = Double(lengths[Int((fraction * 20_000).rounded(.up)) - 1])
      #expect((histogram.quantile(fraction) - exact).magnitude <= exact * 0.01)
    }
    #expect(histogram.max == lengths.last)
    #expect(histogram.min == lengths.first)
    #expect(histogram.count == 20_000)
  }

  @Test(arguments: [-5, 0, 63, 64, 127, 128, 1 << 40, .max])
  func anyLengthHasAPlace(length: Int) {
    var histogram = LatencyHistogram()
    histogram.record(nanoseconds: length)
    #expect(histogram.p50 == Double(max(0, length)))
    let bucket = histogram.buckets()[0]
    #expect(bucket.count == 1)
    #expect(bucket.lower <= max(0, length))
    #expect(max(0, length) < bucket.upper || length == .max)
  }

  @Test func nothingRecordedIsZero() {
    let histogram = LatencyHistogram()
    #expect(histogram.p999 == 0)
    #expect(histogram.mean == 0)
    #expect(histogram.buckets().isEmpty)
  }

  @Test func aMergedHistogramIsThatOfAll() {
    var (all, even, odd) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
    for length in 1..<5000 {
      all.record(nanoseconds: length * length)
      if length.isMultiple(of: 2) {
        even.record(nanoseconds: length * length)
      } else {
        odd.record(nanoseconds: length * length)
      }
    }
    even.merge(odd)
    even.merge(LatencyHistogram())
    #expect(even == all)
  }

  @Test(arguments: [1, 4, 64])
  func bucketsAdjoinAndCountEverything(perDoubling: Int) {
    var histogram = LatencyHistogram()
    for length in stride(from: 3, to: 100_000, by: 7) { histogram.record(nanoseconds: length) }
    let buckets = histogram.buckets(perDoubling: perDoubling)
    #expect(buckets.reduce(0) { $0 + $1.count } == histogram.count)
    for (left, right) in zip(buckets, buckets.dropFirst()) { #expect(left.upper == right.lower) }
  }
}
