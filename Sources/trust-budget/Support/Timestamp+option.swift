import ArgumentParser
import TrustBudget

extension Timestamp {
  /// A time as somebody types it, in UTC: a day's start, a second, or a part of one.
  init(option text: String) throws {
    guard
      let moment = Timestamp(text) ?? Timestamp(rfc3339: text) ?? Timestamp(text + "T00:00:00Z")
    else {
      throw ValidationError("it must be a UTC time: 2026-01-02 or 2026-01-02T03:04:05Z")
    }
    self = moment
  }
}
