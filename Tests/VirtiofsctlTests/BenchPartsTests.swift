import Frontend
import Testing

@testable import Virtiofsctl

@Suite struct BenchPartsTests {
  @Test func aWorkloadIsReadWithItsKeys() throws {
    let workload = try WorkloadCatalog.parse("read-4k:depth=8,block=64k,think=1.5us,wait=sleep")
    #expect(workload.depth == 8)
    #expect(workload.blockByteCount == 65536)
    #expect(workload.thinkNanoseconds == 1500)
    #expect(workload.isSleeping)
    #expect(workload.isRandom)
    #expect(workload.name == "read-4k:depth=8,block=64k,think=1.5us,wait=sleep")
  }

  @Test(arguments: [
    "", "nothing", "getattr:", "getattr:depth", "getattr:depth=0", "getattr:depth=513",
    "getattr:depth=1,", "getattr:think=5", "getattr:wait=no", "getattr:queues=9",
    "read-4k:block=5000", "read-4k:block=2m", "create:queues=2",
    "getattr:depth=99999999999999999999", "getattr:block=4k", "read-4k:count=5",
    "idle:depth=1", "small-files:segment=4k", "inodes:queues=2",
    "getattr:think=-1us", "read-4k:block=9223372036854775807g",
  ])
  func aWrongWorkloadIsAUsageError(text: String) {
    #expect {
      _ = try WorkloadCatalog.parse(text)
    } throws: { error in
      (error as? ToolError)?.exitCode == 64
    }
  }

  @Test func templatesAreFilledIn() throws {
    let template = try DaemonTemplate.parse(
      "x='/a b/daemon' --socket={socket} -o source={share,,} \"{share}\"")
    #expect(template.name == "x")
    #expect(
      template.commandLine(socket: "/s", share: "/d,e")
        == ["/a b/daemon", "--socket=/s", "-o", "source=/d,,e", "/d,e"])
  }

  @Test(arguments: ["nobody", "=x {socket} {share}", "x=", "x=d {socket}", "x=d {share}"])
  func aWrongTemplateIsAUsageError(text: String) {
    #expect {
      _ = try DaemonTemplate.parse(text)
    } throws: { error in
      (error as? ToolError)?.exitCode == 64
    }
  }

  @Test func ratiosAreThoseOfRoundsSideBySide() throws {
    func sample(_ units: Int, cpu: Int) -> Sample {
      var sample = Sample()
      sample.result.unitCount = units
      sample.result.nanoseconds = 1_000_000_000
      sample.cpuNanoseconds = cpu
      return sample
    }
    let base = [sample(100, cpu: 100), sample(300, cpu: 300), sample(80, cpu: 40)]
    let other = [sample(50, cpu: 100), sample(100, cpu: 100), sample(80, cpu: 80)]
    let rate = try #require(Metric.rate.ratio(of: base, to: other))
    #expect(rate.median == 2)
    #expect(rate.least == 1)
    #expect(rate.greatest == 3)
    #expect(Metric.cpu.ratio(of: base, to: other)?.median == 0.5)
    #expect(Metric.p50.ratio(of: base, to: other) == nil)
    #expect(Spread([]) == nil)
    #expect(Spread([4, 1])?.median == 2.5)
  }

  @Test(arguments: [1, 2, 3, 5, 16, 1000, 4096, 5000], [true, false])
  func aPermutationHasEveryBlockOnce(count: Int, isShuffled: Bool) {
    for threadCount in [1, 3] where threadCount <= count {
      var numbers: [Int] = []
      for thread in 0..<threadCount {
        var order = BlockPermutation(
          count: count, isShuffled: isShuffled, thread: thread, of: threadCount)
        let share = (count - thread + threadCount - 1) / threadCount
        let round = (0..<share).map { _ in order.next() }
        // After the last one the first comes again.
        #expect(order.next() == round[0])
        numbers += round
      }
      #expect(numbers.sorted() == Array(0..<count))
      #expect(
        count < 1000
          || isShuffled
            == (numbers.prefix(count / threadCount).sorted()
              != Array(numbers.prefix(count / threadCount)))
      )
    }
  }

  @Test func namesAreEightBytes() {
    #expect(BenchName.text("f", 0x12ab) == "f00012ab")
    var bytes: [UInt8] = []
    bytes.append(wire: BenchName.word("f", 0x12ab))
    #expect(bytes == Array("f00012ab".utf8))
  }

  @Test func theSelfTestMeasuresEveryKindOfOperation() throws {
    let costs = try BenchSelfTest.measure(nanoseconds: 60_000_000)
    #expect(costs.count == 6)
    // Without optimization; the limit itself is checked by `make bench`.
    for cost in costs { #expect(cost.nanoseconds > 0 && cost.nanoseconds < 100_000) }
  }
}
