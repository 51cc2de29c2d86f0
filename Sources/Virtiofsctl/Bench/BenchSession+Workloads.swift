internal import FuseProtocol
internal import Frontend
internal import Linux

extension BenchSession {
  /// Makes the files that `workload` needs, for whichever back-end.
  static func makeFiles(
    for workload: Workload, _ files: BenchFiles, tick: () throws(ToolError) -> Void
  ) throws(ToolError) {
    switch workload.base {
    case .getattr, .lookup, .lookupNegative, .open, .getxattr, .smallFiles:
      try files.makeSmallFiles()
    case .create, .createKnown:
      try files.makeNew()
    case .readdirplus, .lookupDistinct:
      try files.makeDirectory(
        "many-\(workload.count)", fileCount: workload.count, tick: tick)
    case .read, .besideReads:
      try files.makeData(DataFileName.read)
    case .write:
      try files.makeData(DataFileName.written)
    case .besideFsync:
      try files.makeData(DataFileName.read)
      try files.makeData(DataFileName.written)
    case .inodes:
      for first in stride(from: 0, to: workload.count, by: namesPerDirectory) {
        try files.makeDirectory(
          "inodes-\(first / namesPerDirectory)",
          fileCount: min(namesPerDirectory, workload.count - first), from: first, tick: tick)
      }
    case .idle: break
    }
  }

  static let namesPerDirectory = 1000

  /// Lays out what `workload` needs: files looked up and opened, requests in the guest's memory.
  func prepare(_ workload: Workload) throws(ToolError) {
    self.workload = workload
    do throws(FrontEndError) {
      switch workload.base {
      case .getattr: try prepareMetadata(.getattr, workload)
      case .lookup: try prepareMetadata(.lookup, workload)
      case .lookupNegative: try prepareMetadata(.lookupNegative, workload)
      case .getxattr: try prepareMetadata(.getxattr, workload)
      case .open, .smallFiles: try prepareFiles(workload)
      case .create, .createKnown: try prepareCreate(workload)
      case .lookupDistinct, .inodes: try prepareDistinct(workload)
      case .readdirplus: try prepareReaddirplus(workload)
      case .read, .write, .besideReads, .besideFsync: try prepareData(workload)
      // What the session's beginning asked for is over, and its threads asleep again.
      case .idle: SystemClock.sleep(milliseconds: 300)
      }
    } catch {
      throw BenchFailure.describe(error, of: name)
    }
    if workload.isDirect {
      try checkDirect(workload.base == .write ? DataFileName.written : DataFileName.read)
    }
    if let wrong = wrongOffset {
      throw ToolError(
        message: "\(name): what is read of \(files.path(DataFileName.read)) is wrong at offset "
          + "\(wrong)", exitCode: 1)
    }
  }

  /// Looks whether the back-end has `file` open with O_DIRECT, as it was asked to.
  ///
  /// Of one that drops the flag the page cache would be measured.
  private func checkDirect(_ file: String) throws(ToolError) {
    switch ProcessCounters.isDirect(processes, "\(files.name)/\(file)") {
    case true?: break
    case false?:
      throw .failure(
        "\(name) has opened \(files.path(file)) without O_DIRECT; does it have --allow-direct-io?")
    case nil: note = "whether it uses O_DIRECT was not checked: its descriptors are not to be seen"
    }
  }

  private func lane(_ workload: Workload, _ index: Int) throws(FrontEndError) -> FastLane {
    try FastLane(
      device.requestQueue(index).ring, slotCount: workload.depth,
      capacity: 6 * workload.depth + 8)
  }

  private func forgetter() throws(FrontEndError) -> Forgetter {
    let lane = try FastLane(device.queues[0].ring, slotCount: 64, capacity: 64)
    return try Forgetter(lane, timeoutSeconds: settings.timeoutSeconds)
  }

  private func smallFiles() throws(FrontEndError) -> SmallFiles {
    let directory = try node(of: "small")
    var nodes: [UInt64] = []
    for number in 0..<SmallFiles.count {
      let name = NameBytes(BenchName.text("s", number))
      nodes.append(try client.lookup(name, in: directory).node.rawValue)
    }
    return SmallFiles(directory: directory, nodes: nodes)
  }

  private func prepareMetadata(
    _ kind: MetadataWork.Kind, _ workload: Workload
  ) throws(FrontEndError) {
    let small = try smallFiles()
    for index in 0..<workload.queueCount {
      let lane = try lane(workload, index)
      runners.append(Runner(lane, try MetadataWork(kind, small, lane, seed: index + 1)))
    }
  }

  private func prepareFiles(_ workload: Workload) throws(FrontEndError) {
    let small = try smallFiles()
    for index in 0..<workload.queueCount {
      let lane = try lane(workload, index)
      if workload.base == .open {
        runners.append(Runner(lane, try OpenWork(small, lane, seed: index + 1)))
      } else {
        runners.append(Runner(lane, try SmallFileWork(small, lane, seed: index + 1)))
      }
    }
  }

  private func prepareCreate(_ workload: Workload) throws(FrontEndError) {
    let directory = try node(of: "new")
    var known: [UInt64] = []
    if workload.base == .createKnown {
      for number in 0..<workload.count {
        let name = NameBytes(BenchName.text("k", number))
        let made = try client.create(name, in: directory)
        try client.release(made.entry.node, handle: made.open.handle)
        try client.unlink(name, in: directory)
        known.append(made.entry.node.rawValue)
      }
    }
    let lane = try lane(workload, 0)
    runners.append(Runner(lane, try CreateWork(in: directory, lane, try forgetter(), known: known)))
  }

  private func prepareDistinct(_ workload: Workload) throws(FrontEndError) {
    let lane = try lane(workload, 0)
    var directories: [UInt64] = []
    if workload.base == .inodes {
      for first in stride(from: 0, to: workload.count, by: Self.namesPerDirectory) {
        directories.append(
          try node(of: "inodes-\(first / Self.namesPerDirectory)").rawValue)
      }
    } else {
      directories.append(try node(of: "many-\(workload.count)").rawValue)
    }
    runners.append(
      Runner(
        lane,
        try DistinctLookupWork(
          directories: directories,
          namesPerDirectory: workload.base == .inodes ? Self.namesPerDirectory : workload.count,
          nameCount: workload.count, lane, workload.base == .inodes ? nil : try forgetter())))
  }

  private func prepareReaddirplus(_ workload: Workload) throws(FrontEndError) {
    let directory = try node(of: "many-\(workload.count)")
    for index in 0..<workload.queueCount {
      var handles: [UInt64] = []
      for _ in 0..<workload.depth { handles.append(try client.opendir(directory).handle) }
      let lane = try lane(workload, index)
      runners.append(
        Runner(
          lane,
          try ReaddirplusWork(
            directory, handles: handles, entryCount: workload.count,
            roomByteCount: workload.blockByteCount, lane)))
    }
  }

  private func prepareData(_ workload: Workload) throws(FrontEndError) {
    let blockByteCount = workload.blockByteCount
    let (base, segment) = (workload.base, workload.segmentByteCount)
    if base == .write || base == .besideFsync {
      let stampBlock = base == .write ? blockByteCount : 1 << 20
      stamps = WriteStamps(
        seed: 100_000 + 2 * number, fileByteCount: files.dataByteCount,
        blockByteCount: stampBlock)
    }
    let read = base == .write ? nil : try open(DataFileName.read, workload.isDirect)
    if let read, !workload.isCold { wrongOffset = try firstWrongOffset(read) }
    let written =
      base == .write || base == .besideFsync
      ? try open(DataFileName.written, workload.isDirect) : nil
    for index in 0..<workload.queueCount {
      let lane = try lane(workload, index)
      if base == .besideFsync, let read, let written, let stamps {
        let work = try BesideFsyncWork(
          read, written, stamps: stamps, blockByteCount: blockByteCount,
          writeByteCount: 1 << 20, segmentByteCount: segment, lane, seed: index + 1)
        runners.append(Runner(lane, work))
      } else if base == .besideReads, let read {
        let work = try BesideReadsWork(
          read, blockByteCount: blockByteCount, segmentByteCount: segment, lane, seed: index + 1)
        runners.append(Runner(lane, work))
      } else if let written, let stamps {
        let work = try WriteWork(
          written, blockByteCount: blockByteCount, isRandom: workload.isRandom,
          segmentByteCount: segment, lane, seed: index + 1, stamps: stamps)
        runners.append(Runner(lane, work))
      } else if let read {
        let order =
          workload.isCold
          ? BlockOrder(
            read, blockByteCount: blockByteCount, isRandom: workload.isRandom,
            onceByThread: index, of: workload.queueCount)
          : BlockOrder(
            read, blockByteCount: blockByteCount, isRandom: workload.isRandom, seed: index + 1)
        let work = try ReadWork(
          read, order: order, blockByteCount: blockByteCount, segmentByteCount: segment, lane)
        runners.append(Runner(lane, work))
      }
    }
  }

  private func open(_ name: String, _ isDirect: Bool) throws(FrontEndError) -> DataFile {
    let node = try node(of: name)
    let access: OpenFlags = name == DataFileName.read ? .readOnly : .readWrite
    let flags = isDirect ? access.union(.direct) : access
    let bits = UInt32(bitPattern: flags.rawValue)
    let handle = try client.open(node, flags: bits).handle
    return DataFile(
      node: node, handle: handle, flags: bits, byteCount: files.dataByteCount,
      seed: BenchFiles.dataSeed)
  }

  /// Reads the whole file through the back-end and checks every byte of it.
  ///
  /// It also warms the page cache up, where there is one on the way.
  private func firstWrongOffset(_ file: DataFile) throws(FrontEndError) -> Int? {
    let queue = client.queue
    let room = try queue.arena.allocate(256 << 10)
    defer { queue.arena.free(room) }
    for offset in stride(from: 0, to: file.byteCount, by: room.byteCount) {
      let count = min(room.byteCount, file.byteCount - offset)
      let part = room.part(from: 0, byteCount: count)
      let request = FuseRequest.read(
        file.node, handle: file.handle, offset: UInt64(offset), into: part.pieces(of: 4096),
        flags: file.flags)
      let reply = try client.call(request)
      guard reply.dataByteCount == count else { return offset + reply.dataByteCount }
      let wrong = queue.arena.region.withBytes(of: part) { bytes in
        for place in stride(from: 0, to: count, by: 8)
        where bytes.word(at: place) != Pattern.word(file.seed, at: offset + place) {
          return offset + place
        }
        return -1
      }
      if wrong >= 0 { return wrong }
    }
    return nil
  }
}
