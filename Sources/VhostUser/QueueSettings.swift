package import Linux

/// How the queue threads work.
package struct QueueSettings: Sendable {
  /// How they wait and do I/O.
  package var engine: Reactor.Engine
  /// How long a thread looks for work before it sleeps, at most, in microseconds, but always for
  /// about what going to sleep takes; nil for not at all.
  package var pollMicroseconds: Int?
  /// The most threads; the vrings are dealt out to them.
  package var threadLimit: Int

  package init(engine: Reactor.Engine, pollMicroseconds: Int?, threadLimit: Int) {
    self.engine = engine
    self.pollMicroseconds = pollMicroseconds
    self.threadLimit = threadLimit
  }
}
