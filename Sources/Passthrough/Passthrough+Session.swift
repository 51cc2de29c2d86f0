package import FuseProtocol
package import FuseServer
package import Linux
internal import Synchronization

extension Passthrough {
  /// The longest WRITE: 256 pages, what guests allow themselves without further settings.
  private static let maximumWriteByteCount: UInt32 = 1 << 20

  package var sessionPreferences: SessionPreferences {
    var flags: InitFlags = [
      .asyncRead, .atomicTruncate, .bigWrites, .asyncDirectIO, .parallelDirectoryOperations,
      .maximumPages, .initExtension, .setxattrExtension, .createSupplementaryGroup,
      // A node that the guest has forgotten cannot be found again by number.
      .noExportSupport,
      // Only the host knows whether a directory has a default ACL, which replaces the umask.
      .dontMask,
      // Only what makes something uses the caller's ids.
      .allowIDMap,
    ]
    flags.formUnion(cache.initFlags)
    if configuration.offersReaddirplus && cache.keepsAttributes {
      flags.formUnion([.doReaddirplus, .readdirplusAuto])
    }
    // A mount in the guest has inodes of its own, whatever their nodes.
    if configuration.announcesMounts && !configuration.unifiesMounts { flags.insert(.submounts) }
    if configuration.killsPrivileges { flags.insert(.handleKillPrivilegesV2) }
    if configuration.allowsMapping && cache.bypassesPageCache {
      flags.insert(.directIOAllowsMapping)
    }
    return SessionPreferences(flags: flags, maximumWriteByteCount: Self.maximumWriteByteCount)
  }

  package func begin(_ agreement: Agreement) {
    share.endSession()
    share.announcesMounts.store(agreement.flags.contains(.submounts), ordering: .relaxed)
    share.killsSetID.store(
      agreement.flags.contains(.handleKillPrivilegesV2), ordering: .relaxed)
  }

  package func end() {
    share.endSession()
  }

  package func withoutSetIDCapability<R>(_ body: () throws(Errno) -> R) throws(Errno) -> R {
    try credentials.withoutSetIDCapability(body)
  }

  /// What copies or writes back much blocks for long, and no ring takes it over. On a remote mount
  /// so may everything that asks the host for more than a descriptor's number.
  package func placement(of opcode: Opcode, on node: NodeID) -> Placement {
    switch opcode {
    case .copyFileRange, .copyFileRange64, .syncfs:
      .worker
    case .lookup, .getattr, .setattr, .readlink, .symlink, .mknod, .mkdir, .unlink, .rmdir,
      .rename, .rename2, .link, .open, .create, .tmpfile, .flush, .statfs, .statx, .access,
      .opendir, .readdir, .readdirplus, .lseek, .setxattr, .getxattr, .listxattr, .removexattr:
      isRemote(node) ? .worker : .inline
    case .forget, .batchForget, .`init`, .destroy, .interrupt, .notifyReply, .read, .write, .fsync,
      .fsyncdir, .fallocate, .release, .releasedir, .getlk, .setlk, .setlkw, .bmap, .ioctl, .poll,
      .setupMapping, .removeMapping, .cuseInit:
      .inline
    }
  }

  @inline(__always)
  private func isRemote(_ node: NodeID) -> Bool {
    mounts.hasRemote.load(ordering: .relaxed) && mounts.isRemote(nodes.mount(of: node))
  }
}
