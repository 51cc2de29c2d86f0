internal import Linux
internal import Virtqueue

/// The life of a vring: set up, started by its kick descriptor, enabled, stopped by
/// GET_VRING_BASE.
extension Session {
  private func vringIndex(_ index: UInt32) throws(SessionError) -> Int {
    guard index < vrings.count else { throw .vringIndex(index) }
    return Int(index)
  }

  private func stoppedVringIndex(
    _ index: UInt32, for request: Request
  ) throws(SessionError) -> Int {
    let index = try vringIndex(index)
    guard !vrings[index].isStarted else { throw .vringState(request, vring: index) }
    return index
  }

  // MARK: Set-up

  func setVringNumber(_ payload: inout PayloadReader) throws(SessionError) {
    let state = try VringState(&payload)
    let index = try stoppedVringIndex(state.index, for: .setVringNumber)
    guard state.number > 0, state.number <= 32768, state.number & (state.number - 1) == 0 else {
      throw .vringSetup(vring: index, .invalidArgument)
    }
    vrings[index].size = UInt16(state.number)
  }

  func setVringAddress(_ payload: inout PayloadReader) throws(SessionError) {
    let address = try VringAddress(&payload)
    let index = try vringIndex(address.index)
    // Sent to a running vring, too, when logging is switched: the addresses stay.
    guard !vrings[index].isStarted || vrings[index].addresses == address.rings else {
      throw .vringState(.setVringAddress, vring: index)
    }
    vrings[index].addresses = address.rings
  }

  func setVringBase(_ payload: inout PayloadReader) throws(SessionError) {
    let state = try VringState(&payload)
    let index = try stoppedVringIndex(state.index, for: .setVringBase)
    guard let base = UInt16(exactly: state.number) else {
      throw .vringSetup(vring: index, .invalidArgument)
    }
    vrings[index].nextAvailable = base
  }

  // MARK: Descriptors

  /// Takes the one descriptor that came, or none if the request says so.
  private func descriptor(
    for request: Request, _ payload: inout PayloadReader, _ descriptors: [SharedDescriptor]
  ) throws(SessionError) -> (index: Int, descriptor: SharedDescriptor?) {
    let word = try VringDescriptorIndex(&payload)
    let index = try vringIndex(word.index)
    guard word.hasDescriptor == (descriptors.count == 1) else {
      throw .descriptorCount(request, descriptors.count)
    }
    return (index, descriptors.first)
  }

  func setVringKick(
    _ payload: inout PayloadReader, _ descriptors: [SharedDescriptor]
  ) throws(SessionError) {
    let (index, kick) = try descriptor(for: .setVringKick, &payload, descriptors)
    // Without a descriptor the vring would have to be polled: no front-end of this device asks.
    guard let kick else { throw .descriptorCount(.setVringKick, 0) }
    try prepareNotifier(kick, of: index)
    if vrings[index].isStarted {
      try command(index) { $0.setKick(kick) }
    } else {
      try startVring(index, kick: kick)
    }
    vrings[index].kick = kick
  }

  func setVringCall(
    _ payload: inout PayloadReader, _ descriptors: [SharedDescriptor]
  ) throws(SessionError) {
    let (index, call) = try descriptor(for: .setVringCall, &payload, descriptors)
    if let call { try prepareNotifier(call, of: index) }
    vrings[index].call = call
    try command(index) { $0.setCall(call) }
  }

  func setVringError(
    _ payload: inout PayloadReader, _ descriptors: [SharedDescriptor]
  ) throws(SessionError) {
    let (index, error) = try descriptor(for: .setVringError, &payload, descriptors)
    if let error { try prepareNotifier(error, of: index) }
    vrings[index].error = error
    try command(index) { $0.setError(error) }
  }

  // MARK: Running

  private func startVring(_ index: Int, kick: SharedDescriptor) throws(SessionError) {
    let vring = vrings[index]
    guard let addresses = vring.addresses else {
      throw .vringState(.setVringKick, vring: index)
    }
    let (memory, features) = (memory, negotiatedFeatures)
    let notifiers = ServedVring.Notifiers(kick: kick, call: vring.call, error: vring.error)
    try onVring(index) { () throws(Errno) in
      try threads.thread(of: index).perform { (loop) throws(Errno) in
        let queue = try SplitQueue(
          size: vring.size, addresses: addresses, nextAvailable: vring.nextAvailable,
          features: features, memory: memory)
        try loop.start(index, queue, notifiers, isEnabled: vring.isEnabled)
      }
    }
    vrings[index].isStarted = true
  }

  func setVringEnable(_ payload: inout PayloadReader) throws(SessionError) {
    let state = try VringState(&payload)
    // QEMU switches all queues of its device, also those that we do not have and the guest may
    // never set up.
    guard state.index < vrings.count || state.number > 1 else { return }
    let index = try vringIndex(state.index)
    guard state.number <= 1 else { throw .vringState(.setVringEnable, vring: index) }
    try enableVring(index, state.number == 1)
  }

  func enableVring(_ index: Int, _ isEnabled: Bool) throws(SessionError) {
    vrings[index].isEnabled = isEnabled
    try command(index) { $0.setEnabled(isEnabled) }
  }

  func getVringBase(_ payload: inout PayloadReader) throws(SessionError) -> PayloadWriter {
    let state = try VringState(&payload)
    let index = try vringIndex(state.index)
    stopVring(index)
    var reply = PayloadWriter()
    reply.append(state.index)
    reply.append(UInt32(vrings[index].nextAvailable))
    return reply
  }

  /// Stops the vring if it runs: nothing is written to its memory once this returns.
  func stopVring(_ index: Int) {
    guard vrings[index].isStarted, let thread = threads[index] else { return }
    if let next = thread.stopVring(index) { vrings[index].nextAvailable = next }
    vrings[index].isStarted = false
    vrings[index].kick = nil
  }

  // MARK: Helpers

  /// Makes sure that `notifier` can be one, and that using it does not block.
  private func prepareNotifier(
    _ notifier: SharedDescriptor, of index: Int
  ) throws(SessionError) {
    try onVring(index) { () throws(Errno) in
      guard try notifier.borrowed.isNotifier() else { throw .invalidArgument }
      try notifier.borrowed.setNonblocking()
    }
  }

  /// Does `body` on the vring's thread, if it runs.
  private func command(
    _ index: Int, _ body: @escaping @Sendable (ServedVring) -> Void
  ) throws(SessionError) {
    guard vrings[index].isStarted, let thread = threads[index] else { return }
    try onVring(index) { () throws(Errno) in
      try thread.perform(on: index) { (vring) throws(Errno) in body(vring) }
    }
  }

  /// Calls `body` and says for which vring it failed.
  private func onVring(_ index: Int, _ body: () throws(Errno) -> Void) throws(SessionError) {
    do throws(Errno) {
      try body()
    } catch {
      throw .vringSetup(vring: index, error)
    }
  }
}
