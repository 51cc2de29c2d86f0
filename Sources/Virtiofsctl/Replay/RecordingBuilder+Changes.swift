internal import FuseProtocol

extension RecordingBuilder {
  /// The objects whose data or attributes a request may change.
  ///
  /// Of directories only what changes their count of links is one: names are told apart otherwise.
  func objectsModified(by step: Step) -> [Int] {
    guard let opcode = step.opcode else { return [] }
    var result: [Int?] = []
    switch opcode {
    case .setattr, .write, .fallocate, .setxattr, .removexattr: result = [step.node]
    case .open:
      let flags = step.arguments(OpenIn.self)?.flags ?? 0
      if flags & openTruncates != 0 { result = [step.node] }
    case .copyFileRange, .copyFileRange64, .link: result = [step.otherNode]
    case .unlink, .create: result = [target(step, 0, in: step.node)]
    case .mkdir: result = [step.node]
    case .rmdir: result = [step.node, target(step, 0, in: step.node)]
    case .rename, .rename2:
      result = [
        step.node, step.otherNode, target(step, 0, in: step.node),
        target(step, 1, in: step.otherNode),
      ]
    case .lookup, .forget, .getattr, .readlink, .symlink, .mknod, .read, .statfs, .release, .fsync,
      .getxattr, .listxattr, .flush, .`init`, .opendir, .readdir, .releasedir, .fsyncdir, .getlk,
      .setlk, .setlkw, .access, .interrupt, .bmap, .destroy, .ioctl, .poll, .notifyReply,
      .batchForget, .readdirplus, .lseek, .setupMapping, .removeMapping, .syncfs, .tmpfile, .statx,
      .cuseInit:
      break
    }
    var unique: [Int] = []
    for case .some(let object) in result where !unique.contains(object) { unique.append(object) }
    return unique
  }

  private func target(_ step: Step, _ index: Int, in directory: Int?) -> Int? {
    key(step, index, in: directory).flatMap { names[$0] }
  }
}

/// `O_TRUNC`, as FUSE's wire has it.
let openTruncates: UInt32 = 0o1000
