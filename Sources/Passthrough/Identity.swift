internal import Linux

/// What a file is known by while it lives: inode number, device, mount.
///
/// The number is free for another file once nothing holds the inode open; what this proves and
/// what it does not is `NodeTable`'s subject.
struct Identity: Equatable {
  var inode: UInt64
  /// `DeviceNumber.encoded`: the kernel's own numbers have no more bits.
  var device: UInt32
  /// The mount's number in `Mounts`.
  var mount: UInt32

  init(inode: UInt64, device: UInt32, mount: UInt32) {
    self.inode = inode
    self.device = device
    self.mount = mount
  }

  /// The device of identities that are made of names; no device has that number.
  static let nameDevice = UInt32.max

  init(_ status: FileStatus, mount: UInt32) {
    self.init(inode: status.inode, device: status.device.encoded, mount: mount)
  }
}

/// Hashes identities and handles with a secret.
///
/// A guest chooses inode numbers to some degree, by making and removing files; without knowing
/// the secret it cannot choose ones that collide. Two rounds of folded multiplication, as in
/// wyhash, mix well enough for a table that is then searched by comparison.
struct IdentityHasher {
  private let secret: UInt64
  private let otherSecret: UInt64

  /// A hasher with a secret of its own.
  init() {
    secret = UInt64.random(in: 0 ... .max) | 1
    otherSecret = UInt64.random(in: 0 ... .max) | 1
  }

  /// Without the mount, which a file's number and device do well without.
  @inline(__always)
  func hash(_ identity: Identity) -> UInt64 {
    fold(
      fold(identity.inode ^ secret, 0x9E37_79B9_7F4A_7C15) ^ UInt64(identity.device),
      otherSecret)
  }

  func hash(_ handle: FileHandle) -> UInt64 {
    var state = fold(secret ^ UInt64(UInt32(bitPattern: handle.type)), otherSecret)
    for index in 0..<handle.wordCount {
      state = fold(state ^ handle.words[index], 0x9E37_79B9_7F4A_7C15 ^ otherSecret)
    }
    return fold(state ^ UInt64(truncatingIfNeeded: handle.byteCount), secret)
  }

  func hash(_ bytes: Span<UInt8>) -> UInt64 {
    var state = fold(secret ^ UInt64(bytes.count), otherSecret)
    var offset = 0
    while offset < bytes.count {
      var word: UInt64 = 0
      for place in offset..<min(offset + 8, bytes.count) {
        word = word << 8 | UInt64(bytes[place])
      }
      state = fold(state ^ word, 0x9E37_79B9_7F4A_7C15 ^ otherSecret)
      offset += 8
    }
    return fold(state, secret)
  }

  @inline(__always)
  private func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
  }
}
