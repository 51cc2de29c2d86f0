/// Who makes an object: whose it becomes, and what is masked out of its permissions.
package struct Creator: Sendable {
  /// The caller's `fsuid`.
  package var uid: UInt32
  /// The caller's `fsgid`.
  package var gid: UInt32
  /// The caller's umask if DONT_MASK was agreed to, else 0: the client has applied it.
  package var umask: UInt32
  /// How many supplementary groups the request brought (`FUSE_EXT_GROUPS`).
  package var groupCount: Int { Int(count) }
  private var count: UInt32
  private var groups: [4 of UInt32]

  /// More groups than this in one request are refused; Linux sends at most one.
  package static let maximumGroupCount = 4

  /// A creator without supplementary groups.
  package init(uid: UInt32, gid: UInt32, umask: UInt32 = 0) {
    self.uid = uid
    self.gid = gid
    self.umask = umask
    count = 0
    groups = .init(repeating: 0)
  }

  /// The supplementary groups, to be set beside `gid` while the object is made.
  package var supplementaryGroups: Span<UInt32> {
    @_lifetime(borrow self)
    get { groups.span.extracting(first: groupCount) }
  }

  /// Adds a supplementary group.
  ///
  /// - Throws: `countTooLarge` past `maximumGroupCount`.
  package mutating func addGroup(_ group: UInt32) throws(DecodingError) {
    guard groupCount < Self.maximumGroupCount else { throw .countTooLarge }
    groups[groupCount] = group
    count += 1
  }
}
