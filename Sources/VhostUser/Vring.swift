internal import Linux
internal import Virtqueue

/// What the front-end has set for one vring.
struct Vring {
  /// `SET_VRING_NUM`; 0 until then.
  var size: UInt16 = 0
  var addresses: RingAddresses?
  /// Where to begin taking: `SET_VRING_BASE`, or where the vring last stopped.
  var nextAvailable: UInt16 = 0
  var kick: SharedDescriptor?
  var call: SharedDescriptor?
  var error: SharedDescriptor?
  var isEnabled = false
  /// Between a kick descriptor and GET_VRING_BASE.
  var isStarted = false
}
