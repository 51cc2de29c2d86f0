// Random operations on files of a directory, checked against a model in memory: finds what a file
// system loses, mixes up or makes up. For any file system; here it storms a share, through the
// host's own kernel or a guest's.
//
//   file-storm DIRECTORY [--seed N] [--seconds N | --operations N] [--files N] [--handles N]
//              [--size BYTES]
//
// Status 0: all was as the model says. 1: something was not; the seed, the operation and the
// history of the file are printed, and what to run to see it again. 2: it could not begin.
import Glibc

/// Writes a line at once: whoever ends this program early shall know the seed.
func say(_ text: String) {
  var line = text + "\n"
  _ = line.withUTF8 { unsafe write(1, $0.baseAddress, $0.count) }
}

/// Ends the program with a line of its own.
func leave(_ status: Int32, _ text: String) -> Never {
  say("file-storm: \(text)")
  exit(status)
}

var values: [String: Int] = [
  "--seed": -1, "--seconds": 10, "--operations": 0, "--files": 4, "--handles": 8,
  "--size": 1 << 20,
]
var arguments = CommandLine.arguments.dropFirst()
guard let directory = arguments.popFirst() else { leave(2, "give a directory") }
while let name = arguments.popFirst() {
  guard values[name] != nil, let value = arguments.popFirst().flatMap({ Int($0) }), value >= 0
  else { leave(2, "\(name): no such option, or no number after it") }
  values[name] = value
}
let number = { (name: String) in values[name] ?? 0 }
let seed = number("--seed") >= 0 ? number("--seed") : Int.random(in: 0..<1_000_000_000)
guard number("--size") >= 65536, number("--files") > 0, number("--handles") > 0 else {
  leave(2, "a size of at least 65536, and at least one file and handle, are needed")
}

var storm: Storm?
do {
  let made = try Storm(
    directory: directory, seed: UInt64(seed), fileCount: number("--files"),
    handleCount: number("--handles"), greatestSize: number("--size") / 65536 * 65536)
  storm = made
  say("file-storm: seed \(seed)")
  let clock = ContinuousClock()
  let end = clock.now + .seconds(number("--seconds"))
  while number("--operations") > 0 ? made.operationCount < number("--operations") : clock.now < end
  {
    try made.step()
  }
  try made.finish()
  let note = made.hasMappings ? "" : "; there were no shared mappings"
  say("file-storm: \(made.operationCount) operations as they must be: \(made.summary)\(note)")
} catch {
  guard let storm else { leave(2, "cannot begin: \(error.text)") }
  for file in storm.files + storm.handles.map(\.file) where !file.history.isEmpty {
    guard file.history.last?.hasPrefix("\(storm.operationCount) ") == true else { continue }
    say("the last operations on \(file.label):\n  " + file.history.joined(separator: "\n  "))
    break
  }
  say(
    "again: file-storm EMPTY_DIRECTORY --seed \(seed) --operations \(storm.operationCount) "
      + "--files \(number("--files")) --handles \(number("--handles")) --size \(number("--size"))")
  leave(1, "seed \(seed), operation \(storm.operationCount): \(error.text)")
}
