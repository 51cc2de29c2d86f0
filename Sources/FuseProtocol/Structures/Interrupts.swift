/// `fuse_interrupt_in`: the arguments of INTERRUPT.
package struct InterruptIn: WireValue {
  /// The request that is no longer wanted.
  package var unique: UInt64

  /// The structure with these fields; spare ones are zero.
  package init(unique: UInt64 = 0) {
    self.unique = unique
  }
}
