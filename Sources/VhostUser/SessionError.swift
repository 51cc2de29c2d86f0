package import Linux

/// What a front-end did wrong. Answered with a nack where it asked for an answer; else the
/// connection ends.
package enum SessionError: Error, Sendable {
  /// The header's version is not 1, or it claims to be a reply.
  case badHeader(flags: UInt32)
  /// The payload is longer than any request of the protocol.
  case oversizedPayload(UInt32)
  /// More descriptors come with the message than with any of the protocol.
  case tooManyDescriptors
  /// The payload is shorter than what it must hold.
  case truncatedPayload
  /// A request that we do not serve.
  case unknownRequest(UInt32)
  /// A request whose protocol feature was not negotiated.
  case featureMissing(Request)
  /// A request with a payload of the wrong length.
  case payloadLength(Request, Int)
  /// A request with too many or too few descriptors.
  case descriptorCount(Request, Int)
  /// Feature bits that we did not offer.
  case featuresNotOffered(UInt64)
  /// A vring index beyond the device's queues.
  case vringIndex(UInt32)
  /// A request that the vring's state does not allow.
  case vringState(Request, vring: Int)
  /// A memory region that cannot be, or is not there.
  case memoryRegion(Errno)
  /// A vring that cannot run with what was set: its size, its addresses or the memory.
  case vringSetup(vring: Int, Errno)
  /// The configuration space cannot be written.
  case configurationIsReadOnly
  /// The system refused something that the request needs.
  case system(Errno)
}

extension SessionError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .badHeader(let flags): "a message has the flags 0x\(String(flags, radix: 16))"
    case .oversizedPayload(let size): "a message has a payload of \(size) bytes"
    case .tooManyDescriptors: "a message comes with more descriptors than any request has"
    case .truncatedPayload: "a message is too short for what it announces"
    case .unknownRequest(let number): "request \(number) is not known"
    case .featureMissing(let request): "\(request) was not negotiated"
    case .payloadLength(let request, let count): "\(request) has a payload of \(count) bytes"
    case .descriptorCount(let request, let count): "\(request) comes with \(count) descriptors"
    case .featuresNotOffered(let bits):
      "the feature bits 0x\(String(bits, radix: 16)) were not offered"
    case .vringIndex(let index):
      "vring \(index) does not exist: the front-end has more queues than --num-request-queues"
    case .vringState(let request, let vring): "\(request) comes at a wrong time for vring \(vring)"
    case .memoryRegion(let errno): "a memory region is not usable: \(errno)"
    case .vringSetup(let vring, let errno): "vring \(vring) cannot be started: \(errno)"
    case .configurationIsReadOnly: "the configuration space is read-only"
    case .system(let errno): "the system refused: \(errno)"
    }
  }
}
