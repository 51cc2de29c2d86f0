// A queue may move from thread to thread, but serves one at a time: its user's part, as the types'
// comments say. A lock would cost on the path that `virtiofsctl bench` measures.

// SAFETY: @unchecked, because the compiler cannot see that only one thread uses a ring at a time.
extension DriverRing: @unchecked Sendable {}
// SAFETY: @unchecked, because the compiler cannot see that only one thread uses a queue at a time.
extension RequestQueue: @unchecked Sendable {}
// SAFETY: @unchecked, because the compiler cannot see that only one thread uses a client at a time.
extension FuseClient: @unchecked Sendable {}
