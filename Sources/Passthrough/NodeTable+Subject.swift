internal import Linux

extension NodeTable {
  /// What is known of a file that is open.
  struct Subject {
    var status: FileStatus
    var identity: Identity
    var hash: UInt64
    /// Its own, whatever becomes of the identity; a watch's is held.
    private(set) var handle: FileHandle?
    private(set) var handleHash: UInt64?
    /// Whether a pin with the same identity still has to be asked what it is.
    var asksPin = false
    /// `NodeTable.nameIdentity`, by which the file may be known as well.
    var nameIdentity: Identity?
    /// Whether that is what `identity` is.
    var isByName: Bool { identity.device == Identity.nameDevice }
    /// Whether a node can do without a pin.
    var isOpenedByHandle: Bool { handle?.opensFile ?? false }

    init(_ status: FileStatus, mount: UInt32, _ hasher: IdentityHasher) {
      self.status = status
      identity = Identity(status, mount: mount)
      hash = hasher.hash(identity)
    }

    mutating func setHandle(_ handle: FileHandle, _ hasher: IdentityHasher) {
      self.handle = handle
      handleHash = hasher.hash(handle)
    }

    /// The same file, looked for by its name; the handle is a watch's, if there is one.
    func byName(_ hasher: IdentityHasher) -> Subject? {
      guard let nameIdentity else { return nil }
      var subject = self
      subject.identity = nameIdentity
      subject.hash = hasher.hash(nameIdentity)
      subject.asksPin = true
      subject.nameIdentity = nil
      return subject
    }
  }

  /// Asks for all that tells a file from others.
  ///
  /// - Throws: What making the handle fails with, unless that is the file's having none: a failure
  ///   for the time being must not make a second node.
  func describe(
    _ file: Descriptor, _ status: FileStatus, _ mount: UInt32
  ) throws(Errno) -> Subject {
    var subject = Subject(status, mount: mount, hasher)
    let numbers = mounts.numbers(mount)
    subject.asksPin = numbers == .none
    guard mounts.usesHandles(mount) else {
      if isMandatory { throw .notSupported }
      if numbers == .unlessLinked { try describeOverlaid(file, &subject) }
      return subject
    }
    do {
      subject.setHandle(try mounts.handle(of: file, status), hasher)
    } catch {
      guard !isMandatory, error == .notSupported || error == .overflow else { throw error }
    }
    if isMandatory && !subject.isOpenedByHandle { throw .notSupported }
    return subject
  }

  /// A file of an overlayfs that makes no handles, and whose numbers may be shared and change.
  private func describeOverlaid(_ file: Descriptor, _ subject: inout Subject) throws(Errno) {
    guard !subject.status.isDirectory else { return }
    let layer = file.overlayLayer
    // What is in the upper layer only has a number of its own.
    let watch = layer == .upper ? nil : try store.watched.hold(file, links)
    if let watch {
      subject.setHandle(watch, hasher)
      subject.asksPin = true
    }
    // When it was looked up before there may have been no watch for it.
    guard !store.watched.isComplete else { return }
    // Without a path, for one that is too long has none, the number has to do.
    subject.nameIdentity = try? nameIdentity(of: file, subject.identity.mount)
    guard watch == nil, subject.status.linkCount > 1 else { return }
    subject.asksPin = layer != .upper
    if layer == .lower, let named = subject.byName(hasher) { subject = named }
  }
}
