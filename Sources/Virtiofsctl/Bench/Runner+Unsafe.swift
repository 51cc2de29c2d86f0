// SAFETY: @unchecked, because the compiler cannot see that one thread at a time runs a round, which
// the main thread waits for.
extension Runner: @unchecked Sendable {}
