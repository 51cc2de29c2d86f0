internal import FuseProtocol
internal import Trace

// Attributes and data.
extension NamespaceModel {
  mutating func missAttribute(_ step: Step) {
    guard let file = file(step.node), let name = step.names.first else { return }
    files[file].touchedAttributes.insert(name)
  }

  mutating func readAttributes(_ step: Step) {
    guard let file = file(step.node), let size = step.arguments(GetxattrIn.self)?.byteCount,
      size > 0, files[file].isInitial, let message = step.reply?.message
    else { return }
    let body = message.dropFirst(MemoryLayout<OutHeader>.size)
    if step.opcode == .listxattr {
      for name in body.split(separator: 0).map(Array.init)
      where !files[file].touchedAttributes.contains(name) && files[file].attributes[name] == nil {
        files[file].attributes[name] = .some(nil)
      }
    } else if let name = step.names.first, !files[file].touchedAttributes.contains(name) {
      files[file].attributes[name] = .some(Array(body))
    }
  }

  /// What a request changes counts from the moment at which it is sent.
  mutating func begin(_ step: Step) {
    guard let opcode = step.opcode, let object = step.node, let file = fileOfObject[object],
      step.hasSucceeded
    else { return }
    switch opcode {
    case .setxattr, .removexattr:
      guard let name = step.names.first else { return }
      if opcode == .removexattr, files[file].isInitial,
        !files[file].touchedAttributes.contains(name), files[file].attributes[name] == nil
      {
        files[file].attributes[name] = .some(nil)
      }
      files[file].touchedAttributes.insert(name)
    case .write:
      guard let arguments: WriteIn = step.arguments() else { return }
      files[file].content.remove(Self.range(arguments.offset, UInt64(arguments.byteCount)))
    case .setattr:
      guard let arguments: SetattrIn = step.arguments(), arguments.valid.contains(.size) else {
        return
      }
      files[file].content.remove(Self.range(arguments.size, .max))
    case .open:
      if (step.arguments(OpenIn.self)?.flags ?? 0) & openTruncates != 0 {
        files[file].content = Extents()
      }
    case .fallocate:
      guard let arguments: FallocateIn = step.arguments(), arguments.mode & ~1 != 0 else { return }
      // What shifts the rest of the file changes all of it.
      let length = arguments.mode & 0x28 == 0 ? arguments.byteCount : .max
      files[file].content.remove(Self.range(arguments.offset, length))
    case .copyFileRange, .copyFileRange64: copied(step, from: file)
    case .lookup, .forget, .getattr, .readlink, .symlink, .mknod, .mkdir, .unlink, .rmdir,
      .rename, .link, .read, .statfs, .release, .fsync, .getxattr, .listxattr, .flush, .`init`,
      .opendir, .readdir, .releasedir, .fsyncdir, .getlk, .setlk, .setlkw, .access, .create,
      .interrupt, .bmap, .destroy, .ioctl, .poll, .notifyReply, .batchForget, .readdirplus,
      .rename2, .lseek, .setupMapping, .removeMapping, .syncfs, .tmpfile, .statx, .cuseInit:
      break
    }
  }

  private mutating func copied(_ step: Step, from source: Int) {
    guard let target = file(step.otherNode), let arguments: CopyFileRangeIn = step.arguments()
    else { return }
    let count =
      step.opcode == .copyFileRange64
      ? step.answer(CopyFileRangeOut.self)?.byteCount ?? 0
      : UInt64(step.answer(WriteOut.self)?.byteCount ?? 0)
    let from = Self.range(arguments.sourceOffset, count)
    let to = Self.range(arguments.destinationOffset, count)
    guard from.upperBound - from.lowerBound == to.upperBound - to.lowerBound else {
      return files[target].content.remove(to)
    }
    files[target].content.replace(
      to, with: files[source].content.overlapping(from),
      movedBy: to.lowerBound &- from.lowerBound)
  }

  /// Data that nobody has written in the session was there before.
  mutating func readData(_ step: Step) {
    guard let file = file(step.node), let data = step.reply?.data, !data.isEmpty,
      let offset = step.arguments(ReadIn.self)?.offset, !step.isRaced
    else { return }
    for extent in files[file].content.overlapping(Self.range(offset, UInt64(data.count))) {
      let range = Self.range(extent.origin, extent.end - extent.start)
      for part in files[extent.file].unknown.overlapping(range) {
        let first = Int(part.start - extent.origin + extent.start - offset)
        let bytes = Array(data[first..<first + Int(part.end - part.start)])
        files[extent.file].pieces.append((part.start, bytes))
      }
      files[extent.file].unknown.remove(range)
    }
  }

  /// A range that ends at the largest offset if it would go beyond.
  private static func range(_ start: UInt64, _ count: UInt64) -> Range<UInt64> {
    let (end, overflows) = start.addingReportingOverflow(count)
    return start..<(overflows ? .max : end)
  }
}
