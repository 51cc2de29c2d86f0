extension DriverRing {
  /// Asks to be called, for a thread that is about to sleep on `call` together with other things.
  ///
  /// - Returns: Whether it may: false if the device has returned something by now.
  package func preparesToSleep() -> Bool {
    requestCall()
    fence()
    return !hasUsed
  }
}
