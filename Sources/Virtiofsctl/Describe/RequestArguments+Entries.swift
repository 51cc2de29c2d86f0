internal import FuseProtocol

/// Requests about names, nodes and attributes.
extension RequestArguments {
  mutating func batchForget(_ body: inout MessageReader) throws(DecodingError) {
    let count = try body.read(BatchForgetIn.self).count
    list.add("count", count)
    let size = MemoryLayout<ForgetOne>.size
    guard count <= body.remainingCount / size else { throw .countTooLarge }
    guard list.isDetailed else { return body.skip(Int(count) * size) }
    var records: [[Field]] = []
    for _ in 0..<count {
      let one = try body.read(ForgetOne.self)
      records.append([
        Field(name: "node", value: .number(one.node.rawValue)),
        Field(name: "nlookup", value: .number(one.lookups)),
      ])
    }
    list.detail("nodes", .records(records))
  }

  mutating func getattr(_ body: inout MessageReader) throws(DecodingError) {
    let arguments = try body.read(GetattrIn.self)
    if arguments.flags.contains(.handle) { list.add("fh", arguments.handle) }
    let others = arguments.flags.subtracting(.handle).rawValue
    list.addFlags("getattr_flags", others, .getattr)
  }

  mutating func setattr(_ body: inout MessageReader) throws(DecodingError) {
    let arguments = try body.read(SetattrIn.self)
    let valid = arguments.valid
    list.add("valid", .flags(FlagTable.setattrValid.names(of: UInt64(valid.rawValue))))
    if valid.contains(.handle) { list.add("fh", arguments.handle) }
    if valid.contains(.mode) { list.add("mode", .octal(arguments.mode)) }
    if valid.contains(.uid) { list.add("owner", arguments.uid) }
    if valid.contains(.gid) { list.add("group", arguments.gid) }
    if valid.contains(.size) { list.add("size", arguments.size) }
    if valid.contains(.atime) {
      list.detail("atime", seconds: arguments.atime, nanoseconds: arguments.atimeNanoseconds)
    }
    if valid.contains(.mtime) {
      list.detail("mtime", seconds: arguments.mtime, nanoseconds: arguments.mtimeNanoseconds)
    }
    if valid.contains(.ctime) {
      list.detail("ctime", seconds: arguments.ctime, nanoseconds: arguments.ctimeNanoseconds)
    }
    if valid.contains(.lockOwner) {
      list.detail("lock_owner", .hexadecimal(arguments.lockOwner))
    }
  }

  mutating func symlink(_ body: inout MessageReader) throws(DecodingError) {
    var extensions = try splitExtensions(&body)
    list.add("name", .name(try body.readName()))
    list.add("target", .name(try body.readName()))
    try addExtensions(&extensions, or: &body)
  }

  mutating func mknod(_ body: inout MessageReader) throws(DecodingError) {
    var extensions = try splitExtensions(&body)
    let arguments = try body.read(MknodIn.self)
    list.add("name", .name(try body.readName()))
    list.add("mode", .octal(arguments.mode))
    if arguments.device != 0 { list.add("rdev", .word(Self.device(arguments.device))) }
    list.detail("umask", .octal(arguments.umask))
    try addExtensions(&extensions, or: &body)
  }

  mutating func mkdir(_ body: inout MessageReader) throws(DecodingError) {
    var extensions = try splitExtensions(&body)
    let arguments = try body.read(MkdirIn.self)
    list.add("name", .name(try body.readName()))
    list.add("mode", .octal(arguments.mode))
    list.detail("umask", .octal(arguments.umask))
    try addExtensions(&extensions, or: &body)
  }

  mutating func create(_ body: inout MessageReader) throws(DecodingError) {
    var extensions = try splitExtensions(&body)
    let arguments = try body.read(CreateIn.self)
    list.add("name", .name(try body.readName()))
    add(arguments)
    try addExtensions(&extensions, or: &body)
  }

  mutating func tmpfile(_ body: inout MessageReader) throws(DecodingError) {
    var extensions = try splitExtensions(&body)
    let arguments = try body.read(CreateIn.self)
    let name = try body.readName()
    list.detail("name", .name(name))
    add(arguments)
    try addExtensions(&extensions, or: &body)
  }

  private mutating func add(_ arguments: CreateIn) {
    addOpenFlags(arguments.flags)
    list.add("mode", .octal(arguments.mode))
    list.detail("umask", .octal(arguments.umask))
    list.addFlags("open_flags", arguments.openFlags.rawValue, .openRequest)
  }

  mutating func rename(_ body: inout MessageReader) throws(DecodingError) {
    let arguments = try body.read(RenameIn.self)
    list.add("name", .name(try body.readName()))
    list.add("newdir", arguments.newParent.rawValue)
    list.add("newname", .name(try body.readName()))
  }

  mutating func rename2(_ body: inout MessageReader) throws(DecodingError) {
    let arguments = try body.read(Rename2In.self)
    list.add("name", .name(try body.readName()))
    list.add("newdir", arguments.newParent.rawValue)
    list.add("newname", .name(try body.readName()))
    list.addFlags("flags", arguments.flags, .rename)
  }

  mutating func link(_ body: inout MessageReader) throws(DecodingError) {
    list.add("oldnode", try body.read(LinkIn.self).node.rawValue)
    list.add("newname", .name(try body.readName()))
  }

  mutating func access(_ body: inout MessageReader) throws(DecodingError) {
    let mask = try body.read(AccessIn.self).mask
    list.add("mask", .flags(mask == 0 ? ["F_OK"] : FlagTable.access.names(of: UInt64(mask))))
  }

  /// Major and minor number out of the kernel's encoding in 32 bits.
  static func device(_ device: UInt32) -> String {
    "\(device >> 8 & 0xfff):\(device & 0xff | device >> 12 & 0xfff00)"
  }
}
