extension Player {
  /// Keeps as many requests in flight as `depth` says and as do not need one another.
  func runByDependencies(depth: Int) throws(ToolError) {
    var begin = 0
    let steps = recording.steps
    while begin < steps.count {
      var end = begin
      while end < steps.count, !StepDependencies.isBarrier(steps[end]) { end += 1 }
      try run(begin..<end, depth: depth)
      if end < steps.count {
        try wait(for: end)
        try send(end)
        while !isDone[end] { try collectAndFollow() }
      }
      begin = end + 1
    }
  }

  /// Plays steps among which nothing is a barrier.
  private func run(_ range: Range<Int>, depth: Int) throws(ToolError) {
    var dependencies = StepDependencies(recording, range)
    var ready = StepHeap()
    for index in range where dependencies.waitCounts[index - range.lowerBound] == 0 {
      ready.insert(index)
    }
    var done: [Int] = []
    onDone = { done.append($0) }
    defer { onDone = nil }
    var left = range.count
    while left > 0 {
      while flights.count < depth, let index = ready.removeFirst() {
        // What has been done may let an earlier step go first.
        guard try wait(for: index, unless: { !done.isEmpty }) else {
          ready.insert(index)
          break
        }
        try send(index)
        try runFollowUps()
      }
      if done.isEmpty { try collectAndFollow() }
      for index in done {
        left -= 1
        dependencies.release(index) { ready.insert($0) }
      }
      done.removeAll(keepingCapacity: true)
    }
  }
}

/// Steps of which the first in the capture comes out first: a binary heap.
struct StepHeap {
  private var items: [Int] = []

  mutating func insert(_ step: Int) {
    items.append(step)
    var place = items.count - 1
    while place > 0, items[(place - 1) / 2] > items[place] {
      items.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  mutating func removeFirst() -> Int? {
    guard let result = items.first, let last = items.popLast() else { return nil }
    guard !items.isEmpty else { return result }
    items[0] = last
    var place = 0
    while true {
      var least = place
      for child in [2 * place + 1, 2 * place + 2]
      where child < items.count && items[child] < items[least] {
        least = child
      }
      if least == place { return result }
      items.swapAt(least, place)
      place = least
    }
  }
}
