package import Linux

/// Where the front-end comes in: a socket that listens, or one that is connected already.
///
/// A socket that was created here goes with this value, which therefore lives as long as the
/// daemon serves.
package struct Entrance: ~Copyable {
  private var state: State
  private let claim: SocketClaim?

  private enum State: ~Copyable {
    case listening(ListeningSocket)
    case connected(OwnedDescriptor)
    case left
  }

  /// Creates or takes over what `endpoint` names.
  ///
  /// - Throws: What is in the way, and what to do about it.
  init(_ endpoint: Endpoint) throws(StartupError) {
    switch endpoint {
    case .path(let path, let group):
      let group = try Self.number(ofGroup: group)
      var claim = try SocketClaim(path)
      state = .listening(try claim.listen(path: path, group: group))
      self.claim = consume claim
    case .descriptor(let number):
      state = try Self.inherited(Descriptor(rawValue: number))
      claim = nil
    }
  }

  /// Says that the daemon is ready, and waits for the front-end.
  ///
  /// The line goes to standard error whatever the log level: launchers wait for it.
  ///
  /// - Returns: The connection, or nil if a signal came first.
  package mutating func waitForFrontend(
    or signals: borrowing SignalDescriptor
  ) throws(StartupError) -> OwnedDescriptor? {
    // A launcher that has closed our standard error does not wait for the line.
    try? Descriptor.standardError.writeWhole("Waiting for vhost-user socket connection...\n")
    // Reading options and starting touch most of the program, and are over: serving needs little.
    OwnProcess.giveBackCode()
    let state = exchange(&self.state, with: .left)
    switch consume state {
    case .connected(let connection): return connection
    case .listening(let listener): return try Self.accept(listener, or: signals)
    case .left: preconditionFailure("the front-end has come in already")
    }
  }

  /// Takes the first connection to `listener`, which is closed then: there is one front-end.
  private static func accept(
    _ listener: consuming ListeningSocket, or signals: borrowing SignalDescriptor
  ) throws(StartupError) -> OwnedDescriptor? {
    do throws(Errno) {
      var ready = 0
      while ready == 0 {
        ready = try Descriptor.pollInput(
          [signals.descriptor, listener.borrowed], milliseconds: -1)
      }
      return ready & 1 != 0 ? nil : try listener.accept()
    } catch {
      throw .failure("cannot accept a connection: \(error)")
    }
  }

  /// The number of the group `name`; nil for nil.
  private static func number(ofGroup name: String?) throws(StartupError) -> UInt32? {
    guard let name else { return nil }
    guard let number = OwnProcess.group(named: name) else {
      throw .failure("there is no group '\(name)'; create it or choose another --socket-group")
    }
    return number
  }

  /// Takes over `descriptor`.
  private static func inherited(_ descriptor: Descriptor) throws(StartupError) -> State {
    let number = descriptor.rawValue
    let kind: InheritedSocket
    do throws(Errno) {
      kind = try descriptor.inheritedSocket()
      try descriptor.closeOnExecute()
    } catch {
      throw .failure("--fd=\(number): \(error); pass a UNIX socket, listening or connected")
    }
    switch kind {
    case .listening:
      return .listening(ListeningSocket(taking: OwnedDescriptor(taking: number)))
    case .connected:
      return .connected(OwnedDescriptor(taking: number))
    case .unusable:
      throw .failure(
        "--fd=\(number) is no UNIX stream socket that listens or is connected; pass one that is")
    }
  }
}
