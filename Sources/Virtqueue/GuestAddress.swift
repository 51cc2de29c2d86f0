/// An address as the guest's devices see it: guest-physical.
package struct GuestAddress: RawRepresentable, Hashable, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }
}

/// An address in the front-end's own address space, as it gives ring addresses.
package struct UserAddress: RawRepresentable, Hashable, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }
}
