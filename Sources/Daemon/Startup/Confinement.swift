internal import Linux

/// What the daemon gives up before the first byte from outside.
enum Confinement {
  /// The most files that are open unless `--rlimit-nofile` says otherwise; the peers' default.
  private static let defaultOpenFileLimit: UInt64 = 1_000_000

  /// Sets how many files may be open.
  ///
  /// - Parameter wanted: As `--rlimit-nofile` gives it: nil for the default, 0 to leave it alone.
  /// - Returns: How many it is.
  static func limitOpenFiles(_ wanted: UInt64?, log: Log) throws(StartupError) -> UInt64 {
    do throws(Errno) {
      let current = try ResourceLimit.openFiles()
      guard wanted != 0 else { return current.soft }
      var target = try defaultLimit()
      if let wanted { target = wanted }
      let limit = try current.raised(to: target)
      if let wanted, wanted > limit {
        log.warning("may open \(limit) files, not \(wanted): the system does not allow more")
      }
      return limit
    } catch {
      throw .failure("cannot set the limit of open files: \(error); give --rlimit-nofile=0")
    }
  }

  /// The peers' default, or what the kernel allows anybody if that is less.
  private static func defaultLimit() throws(Errno) -> UInt64 {
    min(defaultOpenFileLimit, try ResourceLimit.greatestOpenFileLimit())
  }

  /// Makes `root` the root directory where `configuration` says so.
  static func enterSandbox(
    _ configuration: DaemonConfiguration, root: Descriptor
  ) throws(StartupError) {
    switch configuration.sandbox {
    case .none, .namespace: return
    case .chroot: break
    }
    do throws(Errno) {
      try OwnProcess.changeRoot(to: root)
    } catch {
      throw .failure(
        "cannot make \(configuration.sharedDirectory) the root directory: \(error); "
          + "give --sandbox=none")
    }
  }

  /// Cuts the capabilities down to what serving files takes.
  static func dropCapabilities(
    _ configuration: DaemonConfiguration, log: Log
  ) throws(StartupError) {
    let usual = CapabilitySet.fileServer.union(configuration.opensFileHandles ? .dacReadSearch : [])
    let wanted = configuration.capabilityChanges?.applied(to: usual) ?? usual
    do throws(Errno) {
      let kept = try Capabilities.limit(to: wanted)
      let missing = (configuration.capabilityChanges?.added ?? []).subtracting(kept)
      if !missing.isEmpty {
        log.warning("--modcaps: not to be had: \(missing.names.joined(separator: ", "))")
      }
      log.debug("capabilities: \(kept.names.joined(separator: " "))")
    } catch {
      throw .failure(
        "cannot drop capabilities: \(error); start the daemon as root, or as a user without any")
    }
  }
}

extension ResourceLimit {
  /// Makes `target` the limit of open files, or as much as this process may have.
  ///
  /// - Returns: The limit that now holds.
  fileprivate func raised(to target: UInt64) throws(Errno) -> UInt64 {
    do throws(Errno) {
      try ResourceLimit(soft: target, hard: max(target, hard)).setOpenFiles()
      return target
    } catch .notPermitted {
      let capped = min(target, hard)
      try ResourceLimit(soft: capped, hard: hard).setOpenFiles()
      return capped
    }
  }
}
