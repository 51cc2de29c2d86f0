package import FuseProtocol
package import Linux

/// What a file system wants of a session, before the guest has said what it offers.
package struct SessionPreferences: Sendable {
  /// Flags to agree to wherever the guest offers them.
  package var flags: InitFlags
  /// The longest WRITE, in bytes.
  package var maximumWriteByteCount: UInt32

  /// What a file system wants.
  package init(flags: InitFlags, maximumWriteByteCount: UInt32) {
    self.flags = flags
    self.maximumWriteByteCount = maximumWriteByteCount
  }
}

/// What FUSE_INIT settled.
package struct Agreement: Sendable {
  /// The lower of the two sides' minor versions.
  package var minor: UInt32
  /// The flags that both sides have.
  package var flags: InitFlags

  /// What was settled.
  package init(minor: UInt32, flags: InitFlags) {
    self.minor = minor
    self.flags = flags
  }
}

/// The answer to an INIT: what to reply, and what is agreed to thereby.
package struct Negotiation: Sendable {
  /// `FUSE_KERNEL_VERSION`: the only one that is spoken here.
  package static let major: UInt32 = 7
  /// `FUSE_KERNEL_MINOR_VERSION`: the newest one whose structures are known here.
  package static let minor: UInt32 = 46
  /// The oldest minor version whose structures are served.
  package static let oldestMinor: UInt32 = 27

  /// What the guest gets.
  package let reply: InitOut
  /// What the session is from now on; nil if the guest has to ask again with our major version.
  package let agreement: Agreement?

  /// Settles what `offer` and `preferences` have in common.
  ///
  /// - Throws: `EPROTO` if the guest is too old.
  package init(_ offer: InitIn, _ preferences: SessionPreferences) throws(Errno) {
    guard offer.major <= Self.major else {
      reply = InitOut(major: Self.major, minor: Self.minor)
      agreement = nil
      return
    }
    guard offer.major == Self.major, offer.minor >= Self.oldestMinor else { throw .protocolError }
    let minor = min(Self.minor, offer.minor)
    let flags = Self.common(
      InitFlags(flags: offer.flagsLow, flags2: offer.flagsHigh), preferences.flags)
    reply = Self.reply(to: offer, minor, flags, preferences)
    agreement = Agreement(minor: minor, flags: flags)
  }

  /// Flags that the server's own parts want, whatever the file system.
  private static let ours: InitFlags = [.bigWrites, .maximumPages, .initExtension]

  /// Flags that mean something on /dev/fuse only, where requests come through system calls, and
  /// `FUSE_INIT_RESERVED`.
  private static let neverTaken: InitFlags = [
    .spliceRead, .spliceWrite, .spliceMove, .abortError, .passthrough, .hasResend, .overIOUring,
    .hasBufferPool, InitFlags(rawValue: 1 << 31),
  ]

  private static func common(_ offered: InitFlags, _ wanted: InitFlags) -> InitFlags {
    var wanted = wanted.union(ours).subtracting(neverTaken)
    // A client that does not offer to choose between the two knows READDIRPLUS only (EDK2).
    if !offered.contains(.readdirplusAuto) { wanted.insert(.doReaddirplus) }
    var common = offered.intersection(wanted)
    if common.flags2 == 0 { common.remove(.initExtension) }
    return common
  }

  private static func reply(
    to offer: InitIn, _ minor: UInt32, _ flags: InitFlags, _ preferences: SessionPreferences
  ) -> InitOut {
    let maximumWrite = max(preferences.maximumWriteByteCount, 4096)
    return InitOut(
      major: major, minor: minor, maximumReadahead: offer.maximumReadahead,
      flagsLow: flags.flags,
      // As many as can be asked for; the guest's queue is the limit.
      maximumBackground: .max, congestionThreshold: .max / 4 * 3,
      maximumWrite: maximumWrite, timeGranularity: 1,
      maximumPages: flags.contains(.maximumPages) ? UInt16(clamping: maximumWrite / 4096) : 0,
      flagsHigh: flags.flags2)
  }
}
