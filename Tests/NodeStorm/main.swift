import TestSupport

// The table of nodes under contention, for ThreadSanitizer (tools/tsan); also without it.
//
// Usage: node-storm [--operations N] [--race]
//   --race    leaves a lock out, on purpose: who looks for races must find this one

var operationCount = 20_000
var isRace = false
var arguments = Array(CommandLine.arguments.dropFirst())
while !arguments.isEmpty {
  switch arguments.removeFirst() {
  case "--race": isRace = true
  case "--operations":
    guard let count = arguments.first.flatMap({ Int($0) }) else {
      fail("--operations takes a number")
    }
    arguments.removeFirst()
    operationCount = count
  case let other: fail("\(other) is no option; the head of this file has them")
  }
}

let counter = Counter(isLocked: !isRace)
try onThreads(2) { _ in
  for _ in 0..<1000 { counter.add() }
}
report("counted to \(counter.count)\(isRace ? " without the lock" : "")")
for setting in isRace ? [] : NodeStorm.settings {
  let storm = try NodeStorm(setting)
  let done = try storm.run(operationCount)
  if let trouble = storm.trouble { fail("\(setting): \(trouble)") }
  report("\(setting): \(done)")
}
