/// What is wrong with a request that cannot be decoded; each case is one kind in the log.
package enum DecodingError: Error, Hashable, Sendable, CaseIterable {
  /// The request ends before its arguments do.
  case truncated
  /// A name or other string has no NUL at its end.
  case unterminatedString
  /// A name is empty, "." or "..", or has a slash in it.
  case invalidName
  /// A name is longer than a directory entry can be.
  case nameTooLong
  /// The extensions after the arguments contradict their own lengths.
  case malformedExtension
  /// A count says that there is more than the request can hold.
  case countTooLarge
}
