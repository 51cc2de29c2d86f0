/// What the arguments of a request are to be decoded with, besides its opcode.
package struct DecodingContext: Sendable {
  /// The request's header.
  package var header: InHeader
  /// What the session agreed to: the layout of some arguments depends on it.
  package var flags: InitFlags

  /// The context of a request with that header in a session with those flags.
  package init(header: InHeader, flags: InitFlags) {
    self.header = header
    self.flags = flags
  }

  /// Who a rename is made by: it takes no extensions and makes a whiteout at most.
  var renamer: Creator {
    Creator(uid: header.uid, gid: header.gid)
  }

  /// Who an object is made by.
  ///
  /// - Parameter umask: The field of the arguments, which counts if DONT_MASK was agreed to.
  /// - Parameter extensions: Those that the header announces, empty for none.
  /// - Parameter rest: What follows the arguments. Kernels before 6.3 do not announce security
  ///   contexts: where they were agreed to, the rest is the extensions.
  func creator(
    _ umask: UInt32, _ extensions: RawSpan, or rest: RawSpan
  ) throws(DecodingError) -> Creator {
    var creator = Creator(
      uid: header.uid, gid: header.gid, umask: flags.contains(.dontMask) ? umask : 0)
    if !extensions.isEmpty {
      try creator.apply(extensions: extensions)
    } else if flags.contains(.securityContext) {
      try creator.apply(extensions: rest)
    }
    return creator
  }
}
