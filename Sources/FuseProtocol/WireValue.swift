/// A structure of the wire: its bytes in memory are the bytes that travel.
///
/// A conforming type has the layout of the C structure that its comment names, no implicit padding,
/// and no bit pattern that is invalid: it may be loaded from whatever a guest wrote. FUSE is in the
/// byte order of the machine by definition.
package protocol WireValue: BitwiseCopyable, Sendable {}

extension UInt8: WireValue {}
extension UInt16: WireValue {}
extension UInt32: WireValue {}
extension UInt64: WireValue {}
extension Int32: WireValue {}
