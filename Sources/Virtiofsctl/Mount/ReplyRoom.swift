internal import Frontend
internal import FuseProtocol
internal import Linux

/// What becomes of a message of /dev/fuse, by its operation and arguments.
enum MessageTreatment: Equatable {
  /// It goes to the back-end, with so many bytes of room for what follows the reply's header.
  case passed(replyByteCount: Int)
  /// It goes to the queue for priority requests, and has no reply.
  case forgotten
  /// It is answered here, with an error.
  case refused(Errno)
  /// It has no meaning, and no answer.
  case dropped
}

extension MessageHead {
  /// What becomes of the message; the room is what the kernel has for the reply.
  ///
  /// An operation that is newer than this program is refused: nobody knows how long its reply is.
  var treatment: MessageTreatment {
    guard let opcode = Opcode(rawValue: header.opcode) else { return .refused(.notImplemented) }
    switch opcode {
    case .forget, .batchForget: return .forgotten
    // Drivers of virtio-fs do not send it. The answer has the kernel not ask again.
    case .interrupt: return .refused(.notImplemented)
    case .notifyReply: return .dropped
    case .lookup, .symlink, .mknod, .mkdir, .link: return .room(EntryOut.self)
    case .getattr, .setattr: return .room(AttrOut.self)
    case .open, .opendir: return .room(OpenOut.self)
    case .create, .tmpfile: return .room(CreateOut.self)
    case .write, .copyFileRange: return .room(WriteOut.self)
    case .copyFileRange64: return .room(CopyFileRangeOut.self)
    case .statfs: return .room(KStatfs.self)
    case .`init`: return .room(InitOut.self)
    case .lseek: return .room(LseekOut.self)
    case .unlink, .rmdir, .rename, .rename2, .release, .releasedir, .fsync, .fsyncdir, .flush,
      .access, .destroy, .fallocate, .syncfs, .setxattr, .removexattr, .setlk, .setlkw,
      .setupMapping, .removeMapping:
      return .passed(replyByteCount: 0)
    // Not one of the structures of FuseProtocol: what this daemon does not serve, others may.
    case .getlk: return .passed(replyByteCount: 24)
    case .bmap, .poll: return .passed(replyByteCount: 8)
    case .statx: return .passed(replyByteCount: 288)
    case .readlink, .read, .readdir, .readdirplus, .getxattr, .listxattr, .ioctl:
      return .passed(replyByteCount: variableReplyByteCount(opcode))
    case .cuseInit: return .refused(.notImplemented)
    }
  }

  /// The room of a reply whose length the arguments state.
  private func variableReplyByteCount(_ opcode: Opcode) -> Int {
    if opcode == .readlink { return 4095 }
    // `size` of `fuse_read_in`.
    if opcode == .read || opcode == .readdir || opcode == .readdirplus { return Int(arguments[4]) }
    // `fuse_ioctl_out`, and `out_size` of `fuse_ioctl_in`.
    if opcode == .ioctl { return 16 + max(Int(arguments[7]), 4096) }
    // `size` of `fuse_getxattr_in`: 0 asks for the length alone.
    return arguments[0] == 0 ? MemoryLayout<GetxattrOut>.size : Int(arguments[0])
  }
}

extension MessageTreatment {
  fileprivate static func room<T: WireValue>(_ type: T.Type) -> MessageTreatment {
    .passed(replyByteCount: MemoryLayout<T>.size)
  }
}
