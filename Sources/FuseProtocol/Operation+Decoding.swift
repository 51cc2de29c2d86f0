extension Operation {
  /// Decodes the body of a request: all that follows the header, or of a WRITE at least `WriteIn`.
  ///
  /// What follows the arguments of an operation is ignored, unless they end with extensions.
  @_lifetime(copy body)
  package init(
    _ opcode: Opcode, _ context: borrowing DecodingContext, from body: RawSpan
  ) throws(DecodingError) {
    var body = WireReader(body)
    switch opcode {
    case .lookup: self = .lookup(try body.readLookupName())
    case .forget: self = .forget(lookups: try body.read(ForgetIn.self).lookups)
    case .batchForget: self = try Self.batchForget(from: body)
    case .getattr: self = .getattr(try body.read())
    case .setattr: self = .setattr(try body.read())
    case .readlink: self = .readlink
    case .symlink: self = try Self.symlink(context, from: body)
    case .mknod: self = try Self.mknod(context, from: body)
    case .mkdir: self = try Self.mkdir(context, from: body)
    case .unlink: self = .unlink(try body.readEntryName())
    case .rmdir: self = .rmdir(try body.readEntryName())
    case .rename:
      let arguments = try body.read(RenameIn.self)
      self = .rename(
        try body.readEntryName(), to: try body.readEntryName(), in: arguments.newParent,
        flags: 0, context.renamer)
    case .rename2:
      let arguments = try body.read(Rename2In.self)
      self = .rename(
        try body.readEntryName(), to: try body.readEntryName(), in: arguments.newParent,
        flags: arguments.flags, context.renamer)
    case .link: self = .link(try body.read(), try body.readEntryName())
    case .open: self = .open(try body.read())
    case .read: self = .read(try body.read())
    case .write: self = .write(try body.read())
    case .statfs: self = .statfs
    case .release: self = .release(try body.read())
    case .fsync: self = .fsync(try body.read())
    case .setxattr: self = try Self.setxattr(context, from: body)
    case .getxattr: self = .getxattr(try body.read(), try body.readName())
    case .listxattr: self = .listxattr(try body.read())
    case .removexattr: self = .removexattr(try body.readName())
    case .flush: self = .flush(try body.read())
    case .`init`: self = .initialize(try body.readInit())
    case .opendir: self = .opendir(try body.read())
    case .readdir: self = .readdir(try body.read(), plus: false)
    case .readdirplus: self = .readdir(try body.read(), plus: true)
    case .releasedir: self = .releasedir(try body.read())
    case .fsyncdir: self = .fsyncdir(try body.read())
    case .access: self = .access(try body.read())
    case .create: self = try Self.create(context, from: body)
    case .tmpfile: self = try Self.tmpfile(context, from: body)
    case .interrupt: self = .interrupt(try body.read())
    case .destroy: self = .destroy
    case .ioctl: self = .ioctl
    case .fallocate: self = .fallocate(try body.read())
    case .lseek: self = .lseek(try body.read())
    case .copyFileRange: self = .copyFileRange(try body.read(), wideReply: false)
    case .copyFileRange64: self = .copyFileRange(try body.read(), wideReply: true)
    case .syncfs:
      _ = try body.read(SyncfsIn.self)
      self = .syncfs
    case .getlk, .setlk, .setlkw, .bmap, .poll, .notifyReply, .setupMapping, .removeMapping, .statx,
      .cuseInit:
      self = .unserved
    }
  }

  @_lifetime(copy body)
  private static func batchForget(from body: WireReader) throws(DecodingError) -> Operation {
    var body = body
    let arguments = try body.read(BatchForgetIn.self)
    let size = MemoryLayout<ForgetOne>.size
    guard let count = Int(exactly: arguments.count), count <= body.remaining.byteCount / size
    else { throw .countTooLarge }
    return .batchForget(count: count, records: try body.readBytes(count * size))
  }

  @_lifetime(copy body)
  private static func setxattr(
    _ context: borrowing DecodingContext, from body: WireReader
  ) throws(DecodingError) -> Operation {
    var body = body
    let arguments: SetxattrIn
    if context.flags.contains(.setxattrExtension) {
      arguments = try body.read()
    } else {
      let compat = try body.read(SetxattrInCompat.self)
      arguments = SetxattrIn(byteCount: compat.byteCount, flags: compat.flags)
    }
    let name = try body.readName()
    guard let byteCount = Int(exactly: arguments.byteCount) else { throw .countTooLarge }
    return .setxattr(arguments, name, value: try body.readBytes(byteCount))
  }

  @_lifetime(copy body)
  private static func mknod(
    _ context: borrowing DecodingContext, from body: WireReader
  ) throws(DecodingError) -> Operation {
    var body = body
    let extensions = try body.splitExtensions(context)
    let arguments = try body.read(MknodIn.self)
    let name = try body.readEntryName()
    return .mknod(
      arguments, name, try context.creator(arguments.umask, extensions, or: body.remaining))
  }

  @_lifetime(copy body)
  private static func mkdir(
    _ context: borrowing DecodingContext, from body: WireReader
  ) throws(DecodingError) -> Operation {
    var body = body
    let extensions = try body.splitExtensions(context)
    let arguments = try body.read(MkdirIn.self)
    let name = try body.readEntryName()
    return .mkdir(
      arguments, name, try context.creator(arguments.umask, extensions, or: body.remaining))
  }

  @_lifetime(copy body)
  private static func symlink(
    _ context: borrowing DecodingContext, from body: WireReader
  ) throws(DecodingError) -> Operation {
    var body = body
    let extensions = try body.splitExtensions(context)
    let name = try body.readEntryName()
    let target = try body.readName()
    return .symlink(
      name, target: target, try context.creator(0, extensions, or: body.remaining))
  }

  @_lifetime(copy body)
  private static func create(
    _ context: borrowing DecodingContext, from body: WireReader
  ) throws(DecodingError) -> Operation {
    var body = body
    let extensions = try body.splitExtensions(context)
    let arguments = try body.read(CreateIn.self)
    let name = try body.readEntryName()
    return .create(
      arguments, name, try context.creator(arguments.umask, extensions, or: body.remaining))
  }

  /// TMPFILE has a name only for symmetry's sake: "/".
  @_lifetime(copy body)
  private static func tmpfile(
    _ context: borrowing DecodingContext, from body: WireReader
  ) throws(DecodingError) -> Operation {
    var body = body
    let extensions = try body.splitExtensions(context)
    let arguments = try body.read(CreateIn.self)
    _ = try body.readName()
    return .tmpfile(
      arguments, try context.creator(arguments.umask, extensions, or: body.remaining))
  }
}
