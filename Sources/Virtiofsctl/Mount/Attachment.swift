internal import Frontend
internal import FuseProtocol
internal import Linux

/// What is to be attached where, and how.
struct AttachmentOptions: Sendable {
  /// The back-end's socket.
  var socket: String
  /// How many queues at most.
  var queueCount: Int
  /// How old a request may become; zero for no limit.
  var timeout: Duration
  /// How to mount.
  var flags: MountFlags
}

/// A back-end attached to this host's kernel, from the mount to the end of it.
final class Attachment {
  private let options: AttachmentOptions
  private let signals: SignalDescriptor
  private let session: MountSession
  private let device: GuestDevice
  private let mount: OwnMount
  /// The descriptors of /dev/fuse, one for each queue; the mount dies with the last of them.
  private var fuse: [SharedDescriptor] = []
  private var threads: [JoinableThread] = []
  /// The thread that unmounts because we were told to end.
  private var remover: JoinableThread?
  /// What INIT settled.
  private var agreement = InitOut()

  /// Connects to the back-end, mounts, and has INIT answered.
  ///
  /// - Throws: What could not be done; nothing is left mounted.
  init(_ options: AttachmentOptions, at point: MountPoint) throws(ToolError) {
    self.options = options
    do throws(Errno) {
      signals = try SignalDescriptor()
      session = try MountSession()
    } catch {
      throw .failure("cannot watch for signals: \(error)")
    }
    device = try Self.device(options)
    let first: SharedDescriptor
    do throws(Errno) {
      first = SharedDescriptor(try OwnedDescriptor.fuseDevice())
    } catch {
      throw .failure(Self.explanation(ofOpening: error))
    }
    mount = try OwnMount(
      first.borrowed, source: options.socket, at: point, flags: options.flags)
    fuse = [first]
    do throws(ToolError) {
      try start()
    } catch {
      session.end(.signaled)
      takeAway()
      throw error
    }
  }

  private static func explanation(ofOpening error: Errno) -> String {
    switch error {
    case .noEntry, .noDevice, .noSuchDevice:
      "there is no /dev/fuse; load the module (modprobe fuse), or give the container the device"
    case .accessDenied, .notPermitted: "this user may not open /dev/fuse; run as root"
    default: "cannot open /dev/fuse: \(error)"
    }
  }

  /// One line about the running mount.
  var description: String {
    let queues = fuse.count == 1 ? "1 queue" : "\(fuse.count) queues"
    let size = Quantities.bytes(Double(agreement.maximumWrite))
    return "mounted \(options.socket) on \(mount.point.path): FUSE "
      + "\(agreement.major).\(agreement.minor), \(queues), requests up to \(size)"
  }

  /// Serves until the mount ends, and takes everything down.
  ///
  /// - Throws: Why it ended, unless somebody wanted it to.
  func serve() throws(ToolError) {
    waitForEnd()
    var end = session.end ?? .signaled
    // The kernel says the same when the mount is gone and when somebody has aborted it.
    if end == .unmounted, mount.isThere { end = .aborted }
    takeAway()
    if end.leavesBackendAlive { closeSession() }
    if let failure = end.failure { throw failure }
  }
}

// MARK: The beginning

extension Attachment {
  private static func device(_ options: AttachmentOptions) throws(ToolError) -> GuestDevice {
    var setup = DeviceOptions()
    setup.requestQueueCount = options.queueCount
    setup.acceptsFewerQueues = true
    setup.queueSize = 1024
    setup.timeout = .seconds(10)
    if options.timeout > .zero { setup.timeout = min(setup.timeout, options.timeout) }
    do throws(FrontEndError) {
      // Pages that no request has touched take no memory.
      setup.memory = try GuestRAM(
        byteCount: 64 << 20 + options.queueCount * QueueBridge.slotCount * BridgeSlot.byteCount)
      return try GuestDevice(path: options.socket, options: setup)
    } catch {
      throw .failure(explanation(of: error, options.socket))
    }
  }

  private static func explanation(of error: FrontEndError, _ socket: String) -> String {
    switch error {
    case .system(.noEntry): "there is no socket \(socket); start the back-end first"
    case .system(.connectionRefused):
      "nobody listens on \(socket); start the back-end, or remove what another one left behind"
    case .system(.notSocket): "\(socket) is not a socket"
    case .system(let error): "cannot connect to \(socket): \(error)"
    case .timedOut(.connecting):
      "nobody takes the connection to \(socket); has another front-end connected to the back-end?"
    case .timedOut:
      "the back-end at \(socket) does not answer; has another front-end connected to it?"
    case .disconnected: "the back-end at \(socket) closed the connection; see its log"
    case .notOffered: "the back-end at \(socket) does not offer what a virtio-fs device needs"
    case .malformedReply, .refused, .violation, .vringBroken, .ringFull, .outOfGuestMemory,
      .reply:
      "the back-end at \(socket) does not keep to the protocol: \(error)"
    }
  }

  /// Has INIT answered, and starts a thread for each queue.
  private func start() throws(ToolError) {
    try initialize()
    let forgets = ForgetLane(device.queues[0], session: session, timeout: options.timeout)
    do throws(Errno) {
      for _ in 1..<device.options.requestQueueCount {
        fuse.append(
          SharedDescriptor(try OwnedDescriptor.fuseDevice(cloning: fuse[0].borrowed)))
      }
      for (number, descriptor) in fuse.enumerated() {
        let ring = device.requestQueue(number).ring
        let (session, timeout) = (session, options.timeout)
        threads.append(
          try JoinableThread(name: "mount-\(number)") {
            do throws(MountEnd) {
              try QueueBridge(
                fuse: descriptor.borrowed, ring: ring, session: session, forgets: forgets,
                timeout: timeout
              ).run()
            } catch {
              session.end(error)
            }
          })
      }
    } catch {
      throw .failure("cannot start the queues: \(error)")
    }
  }

  /// Passes INIT on, and the answer back.
  private func initialize() throws(ToolError) {
    let region = device.memory.main
    do throws(Errno) {
      let ready = try Descriptor.pollInput([fuse[0].borrowed], milliseconds: 10_000)
      guard ready != 0 else { throw .protocolError }
      var head = MessageHead()
      let rest = try reserve(BridgeSlot.byteCount, in: region)
      _ = try region.receiveMessage(from: fuse[0].borrowed, &head, rest: rest)
      guard head.header.opcode == Opcode.`init`.rawValue else { throw .protocolError }
      let words = head.arguments
      let translation = InitTranslation(
        InitIn(
          major: words[0], minor: words[1], maximumReadahead: words[2], flagsLow: words[3],
          flagsHigh: words[4]))
      agreement = translation.reply(try ask(translation.offer, head.header))
      region.store(agreement, at: rest.address)
      let body = rest.part(from: 0, byteCount: MemoryLayout<InitOut>.size)
      let byteCount = UInt32(MemoryLayout<OutHeader>.size + body.byteCount)
      try region.sendMessage(
        to: fuse[0].borrowed, OutHeader(byteCount: byteCount, unique: head.header.unique),
        body: body)
    } catch .canceled {
      throw .failure("the back-end does not answer INIT as virtio-fs wants it; see its log")
    } catch {
      throw .failure("cannot speak with the kernel over /dev/fuse: \(error)")
    }
  }

  private func reserve(_ byteCount: Int, in region: MemoryRegion) throws(Errno) -> GuestBuffer {
    do throws(FrontEndError) {
      return try region.reserve(byteCount: byteCount, alignment: 4096)
    } catch {
      throw .noMemory
    }
  }

  /// What the back-end answers to INIT.
  ///
  /// - Throws: `ECANCELED` if that is no answer.
  private func ask(_ offer: InitIn, _ header: InHeader) throws(Errno) -> InitOut {
    var request = FuseRequest.initialize(offer)
    request.unique = header.unique
    do throws(FrontEndError) {
      let answer: InitOut = try device.requestQueue().call(request).succeeded().structure()
      guard answer.major == 7 else { throw .notOffered }
      return answer
    } catch {
      throw .canceled
    }
  }
}

// MARK: The end

extension Attachment {
  /// Returns when the session has ended.
  private func waitForEnd() {
    while !session.hasEnded {
      do throws(Errno) {
        let ready = try Descriptor.pollInput(
          [session.endEvent, signals.descriptor], peer: device.connection.descriptor,
          milliseconds: -1)
        if ready & 4 != 0 { session.end(.disconnected) }
        while ready & 2 != 0, try signals.next() != nil {
          // The second one does not wait for what the first one has begun.
          guard remover == nil else {
            session.end(.signaled)
            continue
          }
          let (mount, session) = (mount, session)
          remover = try JoinableThread(name: "unmount") { Self.unmount(mount, session) }
        }
      } catch {
        session.end(.system("cannot wait", error))
      }
    }
  }

  /// How long the kernel may take to say that it has taken the mount away.
  private static let farewellTime: Int32 = 2000

  /// Takes the mount away as `umount` does, while the queues are served.
  private static func unmount(_ mount: OwnMount, _ session: MountSession) {
    // Whoever is in there keeps what is written so far, and gets ENOTCONN at the end.
    try? mount.synchronize()
    do throws(Errno) {
      try mount.remove(.ifIdle)
      // It lives on in a copy of our table of mounts, or after a lazy unmount: nobody tells us
      // then, and nobody but us can end it.
      _ = try Descriptor.pollInput([session.endEvent], milliseconds: farewellTime)
    } catch {
      // In use, or hidden by another mount: then it ends in its place.
    }
    session.end(.signaled)
  }

  /// Closes /dev/fuse, which ends whatever waits for the mount, and removes the mount.
  private func takeAway() {
    for thread in threads { thread.join() }
    fuse = []
    // Unmounting, if it is still at it, now finds that nobody serves, and ends.
    remover?.join()
    do throws(Errno) {
      try mount.remove(.detach)
    } catch {
      try? Descriptor.standardError.writeWhole(
        "virtiofsctl: cannot unmount \(mount.point.path): \(error); "
          + "unmount it with: umount --lazy \(mount.point.path)\n")
    }
  }

  /// DESTROY, as a driver of virtio-fs sends it at the end, and stops the vrings; nothing if the
  /// back-end owes replies, in whichever queue, as it is silent then.
  private func closeSession() {
    for number in 0..<device.options.requestQueueCount {
      guard device.requestQueue(number).inFlightCount == 0 else { return }
    }
    let queue = device.requestQueue()
    queue.timeout = .seconds(5)
    // The back-end's answer changes nothing: we are leaving.
    guard (try? queue.call(.destroy())) != nil else { return }
    _ = try? device.stop()
  }
}
