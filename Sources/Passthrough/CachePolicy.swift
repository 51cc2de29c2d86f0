package import FuseProtocol

/// How long the guest may trust what it has seen; the names are those of `--cache`.
package enum CachePolicy: String, CaseIterable, Sendable {
  /// A second: the host may change the share, and the guest sees it soon.
  case auto
  /// A day: only the guest changes the share.
  case always
  /// Not at all: every look goes to the host, and data is not cached.
  case never
  /// Names and attributes for a day, data not at all.
  case metadata
}

extension CachePolicy {
  /// For how many seconds a name and its attributes hold.
  package var validSeconds: UInt64 {
    switch self {
    case .never: 0
    case .auto: 1
    case .always, .metadata: 86_400
    }
  }

  /// How the guest is to treat an open regular file.
  package var fileFlags: OpenReplyFlags {
    switch self {
    case .auto: []
    case .always: .keepCache
    case .never, .metadata: .directIO
    }
  }

  /// How the guest is to treat an open directory.
  package var directoryFlags: OpenReplyFlags {
    switch self {
    case .auto, .never: []
    case .always, .metadata: [.keepCache, .cacheDirectory]
    }
  }

  /// What this policy asks of a session.
  var initFlags: InitFlags {
    switch self {
    case .auto, .never, .metadata: .autoInvalidateData
    case .always: .cacheSymlinks
    }
  }

  /// Whether attributes that come with a directory's entries are of any use.
  var keepsAttributes: Bool {
    self != .never
  }

  /// Whether data bypasses the guest's page cache.
  var bypassesPageCache: Bool {
    fileFlags.contains(.directIO)
  }
}
