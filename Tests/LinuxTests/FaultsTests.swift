import Linux
import TestSupport
import Testing

/// The seam by which other tests have system calls fail.
@Suite struct FaultsTests {
  private func status(_ path: String) throws -> FileStatus {
    try withPath(path) { (path) throws(Errno) in try Descriptor.currentDirectory.status(of: path) }
  }

  private func withPath<R>(
    _ path: String, _ body: (borrowing PathName) throws(Errno) -> R
  ) throws(Errno) -> R {
    let bytes = Array(path.utf8) + [0]
    // SAFETY: bytes have no padding.
    return try body(unsafe PathName(bytes.span.bytes))
  }

  @Test func callsFailOnlyWhileThePlanIsActive() throws {
    let directory = try TemporaryDirectory("faults")
    let plan = FaultPlan([Fault(.status, .inputOutput)])
    plan.whileActive {
      _ = #expect(throws: Errno.inputOutput) { try status(directory.path) }
    }
    #expect(try status(directory.path).isDirectory)
    #expect(plan.failureCount == 1)
  }

  @Test func theOneAfterSoManyOthersFails() throws {
    let directory = try TemporaryDirectory("faults")
    let plan = FaultPlan([Fault(.status, .noMemory, .after(2))])
    try plan.whileActive {
      _ = try status(directory.path)
      _ = try status(directory.path)
      #expect(throws: Errno.noMemory) { try status(directory.path) }
      _ = try status(directory.path)
    }
  }

  @Test func oneFileCanBeChosen() throws {
    let directory = try TemporaryDirectory("faults")
    try hostWrite(directory.path("a"), "")
    try hostWrite(directory.path("b"), "")
    let inode = try status(directory.path("b")).inode
    let plan = FaultPlan([Fault(.status, .noMemory, inode: inode)])
    try plan.whileActive {
      _ = try status(directory.path("a"))
      _ = #expect(throws: Errno.noMemory) { try status(directory.path("b")) }
    }
  }

  @Test func randomFaultsFollowFromTheSeed() throws {
    let directory = try TemporaryDirectory("faults")
    func run(_ seed: UInt64) -> [Bool] {
      FaultPlan([Fault(.status, .noMemory, .perMille(300))], seed: seed).whileActive {
        (0..<200).map { _ in (try? status(directory.path)) == nil }
      }
    }
    #expect(run(1) == run(1))
    #expect(run(1) != run(2))
    #expect((20...100).contains(run(3).count { $0 }))
  }
}
