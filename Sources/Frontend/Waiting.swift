internal import Linux

extension Descriptor {
  /// Waits until one of `descriptors` has something to read, or its other end is closed; or until
  /// the other end of `peer` is closed.
  ///
  /// - Returns: Which, as bits in their order, `peer` last; 0 at the deadline.
  static func waitForInput(
    _ descriptors: [Descriptor], peer: Descriptor? = nil, until deadline: Deadline
  ) throws(FrontEndError) -> Int {
    while true {
      let ready = try system { () throws(Errno) in
        try pollInput(descriptors, peer: peer, milliseconds: deadline.milliseconds)
      }
      if ready != 0 || deadline.hasPassed { return ready }
    }
  }

  /// Waits until more can be written; false at the deadline.
  func waitForRoom(until deadline: Deadline) throws(FrontEndError) -> Bool {
    while true {
      let hasRoom = try system { () throws(Errno) in
        try pollRoom(milliseconds: deadline.milliseconds)
      }
      if hasRoom || deadline.hasPassed { return hasRoom }
    }
  }
}
