internal import Linux
internal import Synchronization

/// Where the control thread leaves commands for a queue's thread.
final class Mailbox: Sendable {
  typealias Command = @Sendable (QueueLoop) -> Void

  /// Guards the commands in their order.
  private let commands = Mutex<[Command]>([])
  /// Whether there may be commands.
  private let hasCommands = Atomic(false)
  private let event: EventDescriptor

  init() throws(Errno) {
    event = try EventDescriptor()
  }

  /// Readable when there are commands.
  var descriptor: Descriptor { event.borrowed }

  func post(_ command: @escaping Command) {
    commands.withLock { $0.append(command) }
    hasCommands.store(true, ordering: .releasing)
    event.signal()
  }

  /// Whether `takeAll` would find commands; what the loop looks at between two batches.
  var hasCommandsToTake: Bool { hasCommands.load(ordering: .acquiring) }

  /// The commands left since the last time.
  func takeAll() -> [Command] {
    hasCommands.store(false, ordering: .relaxed)
    return commands.withLock { commands in
      defer { commands = [] }
      return commands
    }
  }
}
