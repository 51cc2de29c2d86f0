/// `struct virtq_desc`: one buffer of a chain (virtio 1.3, 2.7.5).
///
/// Little-endian in memory, which is this host's order; the package builds for no other.
struct RingDescriptor: BitwiseCopyable {
  var address: UInt64
  var byteCount: UInt32
  var flags: UInt16
  var next: UInt16

  /// The size in the table, in bytes.
  static let size = 16

  /// `VIRTQ_DESC_F_*`.
  enum Flags {
    static let next: UInt16 = 1
    static let write: UInt16 = 2
    static let indirect: UInt16 = 4
  }

  var hasNext: Bool { flags & Flags.next != 0 }
  var isWritable: Bool { flags & Flags.write != 0 }
  var isIndirect: Bool { flags & Flags.indirect != 0 }
}
