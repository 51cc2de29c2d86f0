import Frontend
import Linux
import TestSupport
import Testing

@testable import Virtiofsctl

/// Every workload, in this process, against the daemon as it was built with the tests.
@Suite struct BenchWorkloadTests {
  /// A daemon, a session with it and the files of a bench.
  private final class Fixture {
    let daemon: DaemonProcess
    let files: BenchFiles
    let session: BenchSession
    private var bench: Bench

    init(queueCount: Int = 1, allowsDirect: Bool = true) throws {
      let command: DaemonCommand =
        allowsDirect
        ? .swift("--allow-direct-io", "--xattr", "--num-request-queues=4")
        : .swift("--xattr", "--num-request-queues=4")
      daemon = try DaemonProcess(command, parent: "/var/tmp")
      var settings = BenchSettings()
      settings.roundNanoseconds = 30_000_000
      settings.warmUpNanoseconds = 1_000_000
      settings.dataByteCount = 2 << 20
      settings.isQuiet = true
      files = try BenchFiles(share: daemon.share(), dataByteCount: settings.dataByteCount)
      session = try BenchSession(
        name: "ours", number: 1, socket: daemon.socket, process: nil, queueCount: queueCount,
        files: files, settings: settings, interruption: .never)
      bench = Bench(settings: settings, files: files, interruption: .never)
    }

    func measure(_ text: String, rounds: Int = 1) throws -> [Sample] {
      let workload = try WorkloadCatalog.parse(text)
      let all = try bench.measure(workload, rounds: rounds, [session], [Series(name: "ours")])
      try Bench.judge([all])
      try session.endWorkload()
      return all.series[0].samples
    }

    func prepare(_ text: String) throws {
      let workload = try WorkloadCatalog.parse(text)
      try bench.makeFiles(workload)
      try session.prepare(workload)
    }
  }

  static let workloads =
    WorkloadCatalog.entries.map(\.workload.name).filter { name in
      !["create-known", "readdirplus", "lookup-distinct", "inodes", "idle"].contains(name)
    } + [
      "create-known:count=50", "readdirplus:count=300", "readdirplus:count=300,depth=3,block=4k",
      "lookup-distinct:count=100", "getattr:depth=1,think=20us", "getattr:wait=sleep",
      "read-4k:depth=128", "read-1m:segment=1m", "write-4k:wait=sleep,depth=1",
    ]

  @Test(arguments: workloads)
  func itRunsAndItsCountersMakeSense(name: String) throws {
    let fixture = try Fixture()
    let samples = try fixture.measure(name, rounds: 2)
    #expect(samples.count == 2)
    for sample in samples {
      let result = sample.result
      #expect(result.unitCount > 0)
      #expect(result.errorCount == 0)
      #expect(result.wrongDataCount == 0)
      #expect(result.latencies.count > 0)
      #expect(result.latencies.p50 <= Double(result.nanoseconds))
      #expect(result.kickCount > 0)
      #expect(result.kickCount <= result.requestCount)
      #expect(result.callCount <= result.requestCount)
      #expect(try #require(sample.cpuNanoseconds) > 0)
      #expect(try #require(sample.residentByteCount) > 1 << 20)
      #expect(try #require(sample.descriptorCount) > 5)
      #expect((result.callCount > 0) || !name.contains("sleep"))
    }
  }

  @Test func severalQueuesAreDrivenAtOnce() throws {
    let fixture = try Fixture(queueCount: 3)
    let sample = try #require(try fixture.measure("getattr:queues=3,depth=2").first)
    #expect(sample.result.unitCount > 0)
    #expect(sample.result.kickCount >= 3)
  }

  @Test func inodesStayKnownAndAreCountedOnce() throws {
    let fixture = try Fixture()
    let samples = try fixture.measure("inodes:count=3000", rounds: 5)
    #expect(samples.count == 1)
    #expect(samples[0].result.unitCount == 3000)
    let growth = try #require(samples[0].perUnit(samples[0].anonymousGrowth))
    #expect(growth > 16)
    #expect(growth < 4096)
  }

  @Test func anIdleDaemonSleeps() throws {
    let fixture = try Fixture()
    let sample = try #require(try fixture.measure("idle").first)
    #expect(try #require(BenchReport.wakeUpRate(sample)) < 100)
    #expect(try #require(sample.anonymousByteCount) > 0)
  }

  @Test(arguments: ["read-4k", "read-1m:depth=1", "read-4k-direct", "beside-fsync"])
  func aWrongByteInTheShareIsFound(name: String) throws {
    let fixture = try Fixture()
    try fixture.files.makeData("read")
    let file = try ChildProcess(
      [
        "dd", "if=/dev/zero", "of=\(fixture.files.path("read"))", "bs=1", "count=1",
        "seek=1234567", "conv=notrunc",
      ], outputPath: fixture.daemon.directory.path("dd"))
    #expect(file.wait(for: .seconds(10)) == .exited(0))
    #expect {
      try fixture.prepare(name)
    } throws: { error in
      guard let error = error as? ToolError else { return false }
      return error.exitCode == 1 && error.message.contains("wrong at offset 1234560")
    }
  }

  @Test func aWrongByteIsFoundWhileMeasuring() throws {
    let fixture = try Fixture()
    try fixture.prepare("read-4k")
    // The first word of every block is looked at each time.
    let zeros = [UInt8](repeating: 0, count: 2 << 20)
    try hostWrite(fixture.files.path("read"), zeros)
    let sample = try fixture.session.round()
    #expect(sample.result.wrongDataCount > 0)
    let all = Measurement(
      workload: try WorkloadCatalog.parse("read-4k"),
      series: [Series(name: "ours", samples: [sample])])
    #expect {
      try Bench.judge([all])
    } throws: { error in
      (error as? ToolError)?.exitCode == 1
    }
  }

  @Test func aWriteThatIsNotInTheFileIsFound() throws {
    let fixture = try Fixture()
    let stamps = WriteStamps(seed: 3, fileByteCount: 2 << 20, blockByteCount: 4096)
    try fixture.files.makeData("written")
    #expect(try stamps.firstWrongOffset(in: fixture.files.path("written")) == nil)
    stamps.mark(7)
    #expect(try stamps.firstWrongOffset(in: fixture.files.path("written")) == 7 * 4096)
    stamps.clear()
    #expect(try stamps.firstWrongOffset(in: fixture.files.path("written")) == nil)
  }

  @Test(arguments: ["write-1m:depth=2", "beside-fsync"])
  func aWriteThatIsDroppedInALaterRoundIsFound(name: String) throws {
    let fixture = try Fixture()
    try fixture.prepare(name)
    #expect(try fixture.session.round().result.errorCount == 0)
    // The daemon keeps what it has open; the host finds what the first round left.
    let written = fixture.files.path("written")
    let copy = try ChildProcess(
      ["sh", "-e", "-c", "cp \"$0\" \"$0.copy\"; mv \"$0.copy\" \"$0\"", written],
      outputPath: fixture.daemon.directory.path("cp"))
    #expect(copy.wait(for: .seconds(10)) == .exited(0))
    #expect {
      _ = try fixture.session.round()
    } throws: { error in
      guard let error = error as? ToolError else { return false }
      return error.exitCode == 1 && error.message.contains("what was written is not in")
    }
  }

  @Test(arguments: ["read-4k-cold", "read-4k-cold:queues=3", "read-1m-cold"])
  func aColdBlockIsReadOnce(name: String) throws {
    let fixture = try Fixture(queueCount: name.contains("queues") ? 3 : 1)
    let limit = (2 << 20) / (name.contains("1m") ? 1 << 20 : 4096)
    for sample in try fixture.measure(name, rounds: 3) {
      #expect((1...limit).contains(sample.result.unitCount))
    }
  }

  @Test(arguments: ["read-4k-direct", "write-4k-direct", "beside-reads"])
  func aBackendThatDropsDirectIsNotMeasured(name: String) throws {
    let fixture = try Fixture(allowsDirect: false)
    #expect {
      try fixture.prepare(name)
    } throws: { error in
      guard let error = error as? ToolError else { return false }
      return error.exitCode == 2 && error.message.contains("without O_DIRECT")
    }
  }

  @Test func workBesideIsToldApart() throws {
    let fixture = try Fixture()
    for name in ["beside-reads", "beside-fsync:block=8k"] {
      let sample = try #require(try fixture.measure(name).first)
      #expect(try #require(sample.backgroundRate) > 0)
      #expect(sample.cpuPerUnit == nil)
    }
    let sample = try #require(try fixture.measure("getattr").first)
    #expect(sample.backgroundRate == nil)
    #expect(sample.cpuPerUnit != nil)
    #expect(try WorkloadCatalog.parse("beside-fsync:block=8k").bytesPerUnit == 8192)
  }

  @Test func kicksForForgetsAreCounted() throws {
    let fixture = try Fixture()
    let sample = try #require(try fixture.measure("create:depth=1,think=200us").first)
    // Six requests on two queues, with a pause before each: a daemon that sleeps is kicked.
    #expect(sample.result.kickCount > 5 * sample.result.unitCount)
  }

  @Test func anOperationThatFailsIsCounted() throws {
    let fixture = try Fixture()
    try fixture.prepare("small-files")
    let names = try hostNames(fixture.files.path("small"))
    for name in names { try hostRemove(fixture.files.path("small/\(name)")) }
    let sample = try fixture.session.round()
    #expect(sample.result.errorCount > 0)
    #expect(sample.result.firstError == Errno.noEntry.rawValue)
    #expect(sample.result.unitCount == 0)
  }
}
