import Testing
import Trace

@Suite struct TraceRecordTests {
  @Test func dataIsCutIfThereIsMoreOfIt() {
    var record = TraceRecord(time: 1, kind: .reply, vring: 1)
    #expect(!record.isDataCut)
    record.dataByteCount = 3
    record.data = [1, 2]
    #expect(record.isDataCut)
    record.data = [1, 2, 3]
    #expect(!record.isDataCut)
  }
}
