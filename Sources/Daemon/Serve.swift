internal import Linux

/// Serves what `startup` has got ready, until the front-end leaves or a signal comes.
func serve(_ startup: consuming Startup) throws(StartupError) -> Ending {
  var startup = startup
  guard let connection = try startup.entrance.waitForFrontend(or: startup.signals) else {
    return .stopped
  }
  startup.log.information("Client connected, servicing requests")
  do throws(Errno) {
    let ready = try Descriptor.waitForInput([startup.signals.descriptor, connection.borrowed])
    return ready[0] ? .stopped : .disconnected
  } catch {
    throw .failure("cannot wait for the front-end: \(error)")
  }
}
