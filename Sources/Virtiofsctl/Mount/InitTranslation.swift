internal import FuseProtocol

/// INIT between the client of /dev/fuse and a device of virtio-fs: what only one of them means
/// is kept from the other, both ways.
struct InitTranslation {
  /// What the back-end is asked.
  let offer: InitIn
  private let flags: InitFlags

  /// What the calls on /dev/fuse can do beside reading and writing, and what the kernel would be
  /// told over it unasked: a virtqueue has none of that.
  private static let ofTheDevice: InitFlags = [
    .spliceWrite, .spliceMove, .spliceRead, .abortError, .passthrough, .hasResend, .overIOUring,
    .hasBufferPool, .hasExpireOnly,
  ]

  /// What needs a window of shared memory, or mounts made by the kernel below this one, which it
  /// does for virtio-fs only.
  private static let ofVirtio: InitFlags = [.mapAlignment, .hasInodeDAX, .submounts]

  /// What `offer` of the kernel means to a back-end.
  init(_ offer: InitIn) {
    flags = InitFlags(flags: offer.flagsLow, flags2: offer.flagsHigh)
      .subtracting(Self.ofTheDevice).subtracting(Self.ofVirtio)
    self.offer = InitIn(
      major: offer.major, minor: offer.minor, maximumReadahead: offer.maximumReadahead,
      flagsLow: flags.flags, flagsHigh: flags.flags2)
  }

  /// What the kernel is told of the back-end's answer: nothing that it did not offer, and no
  /// requests that are longer than a slot.
  func reply(_ answer: InitOut) -> InitOut {
    var reply = answer
    let agreed = flags.intersection(
      InitFlags(flags: answer.flagsLow, flags2: answer.flagsHigh))
    reply.flagsLow = agreed.flags
    reply.flagsHigh = agreed.flags2
    let most = UInt32(BridgeSlot.mostDataByteCount)
    reply.maximumWrite = min(answer.maximumWrite, most)
    reply.maximumPages = min(answer.maximumPages, UInt16(most / 4096))
    reply.maximumStackDepth = 0
    reply.mapAlignment = 0
    return reply
  }
}
