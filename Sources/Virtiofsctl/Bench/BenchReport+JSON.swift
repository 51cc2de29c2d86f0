/// The results for programs: every round, in nanoseconds and bytes.
extension BenchReport {
  /// `{"base": ..., "workloads": [...]}`.
  var json: JSON {
    .object([
      ("base", base.map(JSON.string) ?? .null),
      ("workloads", .array(measurements.map(json))),
    ])
  }

  private func json(_ measurement: Measurement) -> JSON {
    let workload = measurement.workload
    return .object([
      ("name", .string(workload.name)), ("unit", .string(workload.unit)),
      ("depth", .integer(workload.depth)), ("queues", .integer(workload.queueCount)),
      ("block_bytes", .integer(workload.blockByteCount)),
      ("think_ns", .integer(workload.thinkNanoseconds)),
      ("wait", .string(workload.isSleeping ? "sleep" : "spin")),
      ("backends", .array(measurement.series.map { json($0, measurement) })),
    ])
  }

  private func json(_ series: Series, _ measurement: Measurement) -> JSON {
    var members: [(name: String, value: JSON)] = [
      ("name", .string(series.name)),
      ("failure", series.failure.map(JSON.string) ?? .null),
      ("note", series.note.map(JSON.string) ?? .null),
      ("start_ns", optional(series.startNanoseconds)),
      ("rounds", .array(series.samples.map { json($0, measurement.workload) })),
    ]
    if let base = measurement.series.first(where: { $0.name == base }), base.name != series.name {
      let ratios = Metric.allCases.map {
        (
          name: $0.rawValue,
          value: $0.ratio(of: base.samples, to: series.samples)?.json ?? JSON.null
        )
      }
      members.append(("base_to_this", .object(ratios)))
    }
    return .object(members)
  }

  private func json(_ sample: Sample, _ workload: Workload) -> JSON {
    let result = sample.result
    return .object([
      ("units", .integer(result.unitCount)), ("ns", .integer(result.nanoseconds)),
      ("per_second", .number(sample.rate)),
      ("bytes_per_second", .number(sample.rate * Double(workload.bytesPerUnit))),
      ("p50_ns", .number(result.latencies.p50)), ("p99_ns", .number(result.latencies.p99)),
      ("p999_ns", .number(result.latencies.p999)), ("max_ns", .integer(result.latencies.max)),
      ("mean_ns", .number(result.latencies.mean)),
      ("requests", .integer(result.requestCount)),
      ("background", .integer(result.backgroundCount)),
      ("background_per_second", sample.backgroundRate.map(JSON.number) ?? .null),
      ("cpu_ns", optional(sample.cpuNanoseconds)),
      ("cpu_ns_per_unit", sample.cpuPerUnit.map(JSON.number) ?? .null),
      ("kicks", .integer(result.kickCount)), ("calls", .integer(result.callCount)),
      ("voluntary_switches", optional(sample.voluntarySwitchCount)),
      ("errors", .integer(result.errorCount)), ("wrong_data", .integer(result.wrongDataCount)),
      ("anonymous_bytes", optional(sample.anonymousByteCount)),
      ("resident_bytes", optional(sample.residentByteCount)),
      ("anonymous_growth_bytes", optional(sample.anonymousGrowth)),
      ("descriptors", optional(sample.descriptorCount)),
      ("descriptor_growth", optional(sample.descriptorGrowth)),
    ])
  }

  private func optional(_ value: Int?) -> JSON {
    value.map(JSON.integer) ?? .null
  }
}
