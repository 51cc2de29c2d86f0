internal import CCapNG

/// A set of capabilities, capability N (`CAP_*`) as bit N.
package struct CapabilitySet: OptionSet, Hashable, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// Changing a file's owner.
  package static let chown = CapabilitySet(rawValue: 1 << 0)
  /// Passing by permission checks.
  package static let dacOverride = CapabilitySet(rawValue: 1 << 1)
  /// Opening files by handle, and passing by the checks of reading and searching.
  package static let dacReadSearch = CapabilitySet(rawValue: 1 << 2)
  /// Acting on files as if one owned them.
  package static let fileOwner = CapabilitySet(rawValue: 1 << 3)
  /// Keeping set-user-id and set-group-id bits where the kernel would clear them.
  package static let setID = CapabilitySet(rawValue: 1 << 4)
  /// Changing to any group.
  package static let setGroup = CapabilitySet(rawValue: 1 << 6)
  /// Changing to any user.
  package static let setUser = CapabilitySet(rawValue: 1 << 7)
  /// Cutting the bounding set.
  package static let setProcessCapabilities = CapabilitySet(rawValue: 1 << 8)
  /// Administration: among much else reading attributes whose names begin with `trusted.`.
  package static let administration = CapabilitySet(rawValue: 1 << 21)
  /// Making device nodes.
  package static let makeNode = CapabilitySet(rawValue: 1 << 27)
  /// Setting `security.capability` on files.
  package static let setFileCapabilities = CapabilitySet(rawValue: 1 << 31)

  /// What serving files to a guest takes: the eight that virtio-fs daemons keep.
  package static let fileServer: CapabilitySet = [
    .chown, .dacOverride, .fileOwner, .setID, .setGroup, .setUser, .makeNode, .setFileCapabilities,
  ]
}

extension CapabilitySet {
  /// The capability that libcap-ng knows as `name`: lower case, without `cap_`.
  package init?(named name: String) {
    // SAFETY: the string is terminated and the call only reads it.
    let number = unsafe name.withCString { unsafe capng_name_to_capability($0) }
    guard (0..<64).contains(number) else { return nil }
    self.init(rawValue: 1 << UInt64(number))
  }

  /// The numbers of the capabilities in the set, from the lowest.
  var numbers: [UInt32] {
    (0..<64).filter { rawValue & (1 << UInt64($0)) != 0 }
  }

  /// The names of the capabilities in the set: lower case, without `cap_`.
  package var names: [String] {
    numbers.map { number in
      // SAFETY: libcap-ng returns a constant, terminated string, or null.
      guard let name = unsafe capng_capability_to_name(number) else { return "\(number)" }
      return unsafe String(cString: name)
    }
  }
}

/// What `--modcaps` says: capabilities to add to the usual ones and to take from them.
package struct CapabilityChanges: Hashable, Sendable {
  /// What to have besides.
  package private(set) var added: CapabilitySet = []
  /// What to do without.
  package private(set) var removed: CapabilitySet = []

  /// No changes.
  package init() {}

  /// Parses a list like `+sys_admin:-mknod`; the later of two that contradict each other holds.
  package init(parsing list: String) throws(CapabilityListError) {
    for item in list.split(separator: ":", omittingEmptySubsequences: false) {
      let name = String(item.dropFirst())
      guard item.first == "+" || item.first == "-" else { throw .noSign(String(item)) }
      guard let capability = CapabilitySet(named: name) else { throw .unknown(name) }
      if item.first == "+" {
        added.insert(capability)
        removed.remove(capability)
      } else {
        removed.insert(capability)
        added.remove(capability)
      }
    }
  }

  /// `set` with the changes made.
  package func applied(to set: CapabilitySet) -> CapabilitySet {
    set.union(added).subtracting(removed)
  }
}

/// Why a list of capabilities is refused.
package enum CapabilityListError: Error, Hashable, CustomStringConvertible {
  /// An item begins with neither + nor -.
  case noSign(String)
  /// There is no capability of the name.
  case unknown(String)

  package var description: String {
    switch self {
    case .noSign(let item):
      "'\(item)' must be +name or -name, several with a colon between: +sys_admin:-mknod"
    case .unknown(let name):
      "there is no capability '\(name)' (names are like sys_admin, without cap_)"
    }
  }
}
