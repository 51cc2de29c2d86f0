/// How a capture is to be played.
struct ReplayOptions: Sendable {
  /// Whether requests also keep their recorded distances in time.
  var keepsTimes = false
  /// The most requests in flight; nil for as many as were recorded.
  var depth: Int?
  /// How long the back-end may take for a request.
  var timeout = Duration.seconds(30)
  /// How many differences are told in full.
  var mostDifferences = 10
}
