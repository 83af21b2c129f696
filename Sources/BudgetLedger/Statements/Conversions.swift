import LibPQ
import TrustBudget

// PostgreSQL's values and the domain's. What the database holds was validated on its way in, so a
// value that the domain refuses means that somebody else wrote it: an error, not a guess.

extension Timestamp {
  /// A moment that can be written in four digits of a year, as hashes have it, and that intervals can be added
  /// to and taken from.
  ///
  /// - Parameter isExact: whether the nearest such moment will not do.
  /// - Throws: `InvalidValue` for the infinities, and outside the years 1 to 9999.
  package init(_ timestamp: PostgresTimestamp, isExact: Bool = true) throws(InvalidValue) {
    self.init(nearest: timestamp)
    guard !isExact || microseconds == timestamp.microsecondsSinceUnixEpoch else {
      throw InvalidValue("must be a moment of the years 1 to 9999")
    }
  }

  /// The moment, or the nearest one that people can be told.
  package init(nearest timestamp: PostgresTimestamp) {
    let moment = Timestamp(microseconds: timestamp.microsecondsSinceUnixEpoch)
    self = min(max(moment, .yearOne), .endOfYear9999)
  }

  private static let yearOne = Timestamp(microseconds: -62_135_596_800_000_000)
  private static let endOfYear9999 = Timestamp(microseconds: 253_402_300_799_999_999)
}

extension PostgresTimestamp {
  package init(_ timestamp: Timestamp) {
    self.init(microsecondsSinceUnixEpoch: timestamp.microseconds)
  }
}

extension ResetInterval {
  /// Days have 24 hours here: the service writes microseconds alone, but a DBA may have written days.
  init(_ interval: PostgresInterval) throws {
    guard interval.months == 0 else {
      throw InvalidValue("must be an interval without months: a month has no fixed length")
    }
    let (days, isFarTooLong) = Int64(interval.days).multipliedReportingOverflow(
      by: 24 * ResetInterval.microsecondsPerHour)
    let (microseconds, isTooLong) = interval.microseconds.addingReportingOverflow(days)
    try self.init(microseconds: isFarTooLong || isTooLong ? .max : microseconds)
  }
}

extension PostgresInterval {
  init(_ interval: ResetInterval) {
    self.init(microseconds: interval.microseconds, days: 0, months: 0)
  }
}

/// `bytea`, of 32 bytes.
extension Digest: PostgresScalar {
  package static var postgresType: PostgresType { .bytea }
  package static var arrayType: PostgresType { .byteaArray }

  package func write(as type: PostgresType, into buffer: inout PostgresBuffer) {
    withUnsafeBytes { buffer.append(contentsOf: $0) }
  }

  package static func read(
    _ bytes: UnsafeRawBufferPointer, as type: PostgresType
  ) throws(PostgresValueError) -> Digest {
    guard let digest = Digest(bytes) else {
      throw PostgresValueError("must be a SHA-256 of 32 bytes; this has \(bytes.count)")
    }
    return digest
  }
}
