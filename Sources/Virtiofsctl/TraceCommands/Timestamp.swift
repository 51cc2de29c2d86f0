/// Times of records as text; in nanoseconds since 1970.
enum Timestamp {
  /// Seconds since the beginning with six digits after the point, at least eleven columns.
  static func sinceStart(_ time: UInt64, _ start: UInt64) -> String {
    let isBefore = time < start
    let microseconds = (isBefore ? start - time : time - start) / 1000
    let (seconds, fraction) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
    let text = (isBefore ? "-" : "") + String(seconds) + "." + digits(fraction, 6)
    return String(repeating: " ", count: max(0, 11 - text.utf8.count)) + text
  }

  /// The date and the time of day in UTC (ISO 8601): `2026-11-22T20:00:00.123456Z`.
  static func timeOfDay(_ time: UInt64) -> String {
    let (seconds, nanoseconds) = time.quotientAndRemainder(dividingBy: 1_000_000_000)
    let (days, rest) = seconds.quotientAndRemainder(dividingBy: 86400)
    let (year, month, day) = date(daysSince1970: days)
    return digits(year, 4) + "-" + digits(month, 2) + "-" + digits(day, 2) + "T"
      + digits(rest / 3600, 2) + ":" + digits(rest / 60 % 60, 2) + ":" + digits(rest % 60, 2)
      + "." + digits(nanoseconds / 1000, 6) + "Z"
  }

  /// The date in the Gregorian calendar.
  ///
  /// Counted in years that begin in March, so that a leap day is the last of its year.
  private static func date(daysSince1970 days: UInt64) -> (UInt64, UInt64, UInt64) {
    // Day 0 is the first of March of the year 0; 400 years are always 146097 days.
    let (eras, day) = (days + 719_468).quotientAndRemainder(dividingBy: 146_097)
    let yearOfEra = (day - day / 1460 + day / 36524 - day / 146_096) / 365
    let dayOfYear = day - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let dayOfMonth = dayOfYear - (153 * month + 2) / 5 + 1
    let isNextYear = month >= 10
    return (
      eras * 400 + yearOfEra + (isNextYear ? 1 : 0), isNextYear ? month - 9 : month + 3, dayOfMonth
    )
  }

  /// A number with zeros in front.
  private static func digits(_ number: UInt64, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
  }
}
