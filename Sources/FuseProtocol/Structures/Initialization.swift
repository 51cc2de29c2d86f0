/// `fuse_init_in` as it was before 7.36, and as EDK2 sends it: the arguments of INIT.
package struct InitInCompat: WireValue {
  /// The client's version of the protocol, 7.
  package var major: UInt32
  /// How new its structures are.
  package var minor: UInt32
  /// In bytes.
  package var maximumReadahead: UInt32
  /// `flags`: the lower half of `InitFlags`.
  package var flagsLow: UInt32

  /// The structure with these fields; spare ones are zero.
  package init(
    major: UInt32 = 0, minor: UInt32 = 0, maximumReadahead: UInt32 = 0, flagsLow: UInt32 = 0
  ) {
    self.major = major
    self.minor = minor
    self.maximumReadahead = maximumReadahead
    self.flagsLow = flagsLow
  }
}

/// `fuse_init_in`: the arguments of INIT.
package struct InitIn: WireValue {
  /// The client's version of the protocol, 7.
  package var major: UInt32
  /// How new its structures are.
  package var minor: UInt32
  /// In bytes.
  package var maximumReadahead: UInt32
  /// `flags`: the lower half of `InitFlags`.
  package var flagsLow: UInt32
  /// `flags2`: the upper half, valid if the lower one has INIT_EXT.
  package var flagsHigh: UInt32
  private var unused: [11 of UInt32] = .init(repeating: 0)

  /// The structure with these fields; spare ones are zero.
  package init(
    major: UInt32 = 0, minor: UInt32 = 0, maximumReadahead: UInt32 = 0, flagsLow: UInt32 = 0,
    flagsHigh: UInt32 = 0
  ) {
    self.major = major
    self.minor = minor
    self.maximumReadahead = maximumReadahead
    self.flagsLow = flagsLow
    self.flagsHigh = flagsHigh
  }
}

/// `fuse_init_out`: the reply to INIT.
package struct InitOut: WireValue {
  /// Our version of the protocol, 7.
  package var major: UInt32
  /// The lower of the two minor versions.
  package var minor: UInt32
  /// In bytes.
  package var maximumReadahead: UInt32
  /// `flags`: the lower half of `InitFlags`.
  package var flagsLow: UInt32
  /// How many requests the guest keeps in flight on nobody's behalf; 0 for its default.
  package var maximumBackground: UInt16
  /// At how many of those it calls itself congested; 0 for its default.
  package var congestionThreshold: UInt16
  /// The longest data of a WRITE, in bytes.
  package var maximumWrite: UInt32
  /// `time_gran`: of the times in attributes, in nanoseconds.
  package var timeGranularity: UInt32
  /// The longest data of any request, in pages of 4 KiB.
  package var maximumPages: UInt16
  /// log2 of the alignment that SETUPMAPPING needs.
  package var mapAlignment: UInt16
  /// `flags2`: the upper half of `InitFlags`.
  package var flagsHigh: UInt32
  /// Of /dev/fuse only; 0.
  package var maximumStackDepth: UInt32
  /// Seconds after which the guest gives up; 0 for never.
  package var requestTimeout: UInt16
  private var unused: [11 of UInt16] = .init(repeating: 0)

  /// The structure with these fields; spare ones are zero.
  package init(
    major: UInt32 = 0, minor: UInt32 = 0, maximumReadahead: UInt32 = 0, flagsLow: UInt32 = 0,
    maximumBackground: UInt16 = 0, congestionThreshold: UInt16 = 0, maximumWrite: UInt32 = 0,
    timeGranularity: UInt32 = 0, maximumPages: UInt16 = 0, mapAlignment: UInt16 = 0,
    flagsHigh: UInt32 = 0, maximumStackDepth: UInt32 = 0, requestTimeout: UInt16 = 0
  ) {
    self.major = major
    self.minor = minor
    self.maximumReadahead = maximumReadahead
    self.flagsLow = flagsLow
    self.maximumBackground = maximumBackground
    self.congestionThreshold = congestionThreshold
    self.maximumWrite = maximumWrite
    self.timeGranularity = timeGranularity
    self.maximumPages = maximumPages
    self.mapAlignment = mapAlignment
    self.flagsHigh = flagsHigh
    self.maximumStackDepth = maximumStackDepth
    self.requestTimeout = requestTimeout
  }
}
