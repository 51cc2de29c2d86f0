extension Descriptor {
  /// Waits until the changes of this directory's names that are under way have come to their end.
  ///
  /// Who changes a name holds the directory's lock (`i_rwsem`) from before its change time moves
  /// until the name leads where it is to lead. Who looks up a name that the kernel has not in its
  /// cache takes the lock as well, for reading. A name that is longer than any file system has them
  /// never gets into the cache, and costs no reading of the disk.
  ///
  /// - Throws: What the lookup fails with if it does not come that far; `EOPNOTSUPP` if the file
  ///   system has such a name.
  package func waitForNameChanges() throws(Errno) {
    do throws(Errno) {
      _ = try status(of: PathName(tooLongName))
    } catch {
      guard error == .nameTooLong else { throw error }
      return
    }
    throw .notSupported
  }
}

/// 256 bytes: `NAME_MAX` and one more.
private let tooLongName: StaticString = """
  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
  """
