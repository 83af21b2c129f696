/// A moment, as `timestamptz` has it: to the microsecond. Reads `timestamp`, too, as UTC.
package struct PostgresTimestamp: Hashable, Comparable, Sendable {
  /// Microseconds since 1970-01-01 00:00:00 UTC. The two extremes are the infinities.
  package var microsecondsSinceUnixEpoch: Int64

  package init(microsecondsSinceUnixEpoch: Int64) {
    self.microsecondsSinceUnixEpoch = microsecondsSinceUnixEpoch
  }

  /// PostgreSQL's `infinity`, later than every moment.
  package static let infinity = PostgresTimestamp(microsecondsSinceUnixEpoch: .max)

  /// Orders by time.
  package static func < (left: PostgresTimestamp, right: PostgresTimestamp) -> Bool {
    left.microsecondsSinceUnixEpoch < right.microsecondsSinceUnixEpoch
  }

  /// PostgreSQL counts from 2000-01-01; this is that day, in Unix time.
  private static let postgresEpoch: Int64 = 946_684_800_000_000
}

extension PostgresTimestamp: PostgresFixedWidth {
  package static var postgresType: PostgresType { .timestamptz }
  package static var arrayType: PostgresType { .timestamptzArray }
  static var width: Int { 8 }

  package static func canRead(_ type: PostgresType) -> Bool {
    type == .timestamptz || type == .timestamp
  }

  func store(at address: UnsafeMutableRawPointer) {
    let micros = microsecondsSinceUnixEpoch
    let isInfinite = micros == .max || micros == .min
    // What doesn't fit is far before PostgreSQL's first day: the server refuses it (22008).
    let (shifted, overflow) = micros.subtractingReportingOverflow(Self.postgresEpoch)
    (isInfinite ? micros : overflow ? .min + 1 : shifted).store(at: address)
  }

  package static func read(
    _ bytes: UnsafeRawBufferPointer, as type: PostgresType
  ) throws(PostgresValueError) -> PostgresTimestamp {
    let stored = try Int64.load(bytes, as: type)
    if stored == .max || stored == .min {
      return PostgresTimestamp(microsecondsSinceUnixEpoch: stored)
    }
    let (micros, overflow) = stored.addingReportingOverflow(postgresEpoch)
    guard !overflow else {
      throw PostgresValueError("is later than a 64-bit count of microseconds since 1970 can say")
    }
    return PostgresTimestamp(microsecondsSinceUnixEpoch: micros)
  }
}
