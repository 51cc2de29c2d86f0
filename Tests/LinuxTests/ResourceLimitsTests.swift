import Linux
import TestSupport
import Testing

@Suite(.serialized) struct ResourceLimitsTests {
  @Test func setsTheLimitOfOpenFiles() throws {
    let before = try ResourceLimit.openFiles()
    defer { try? before.setOpenFiles() }
    let lower = ResourceLimit(soft: before.soft - 1, hard: before.hard)
    try lower.setOpenFiles()
    #expect(try ResourceLimit.openFiles() == lower)
  }

  @Test func refusesMoreThanTheKernelAllowsAnyProcess() throws {
    let greatest = try ResourceLimit.greatestOpenFileLimit()
    let limit = ResourceLimit(soft: greatest, hard: greatest + 1)
    #expect(throws: Errno.notPermitted) { try limit.setOpenFiles() }
  }

  @Test func knowsWhatTheKernelAllowsAnyProcess() throws {
    let text = try hostReadText("/proc/sys/fs/nr_open").filter { $0.isNumber }
    #expect(try ResourceLimit.greatestOpenFileLimit() == UInt64(text))
  }
}
