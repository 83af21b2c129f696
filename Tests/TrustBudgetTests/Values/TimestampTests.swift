import Foundation
import Testing
import TrustBudgetTesting

@testable import TrustBudget

@Suite("Timestamps")
struct TimestampTests {
  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00Z", "1970-01-01 00:00:00.000000"),
      (-1, "1969-12-31T23:59:59.999999Z", "1969-12-31 23:59:59.999999"),
      (-1_000_000, "1969-12-31T23:59:59Z", "1969-12-31 23:59:59.000000"),
      (951_782_400_000_001, "2000-02-29T00:00:00.000001Z", "2000-02-29 00:00:00.000001"),
      (1_767_225_600_000_000, "2026-01-01T00:00:00Z", "2026-01-01 00:00:00.000000"),
      (4_107_542_399_000_000, "2100-02-28T23:59:59Z", "2100-02-28 23:59:59.000000"),
      (4_107_542_400_000_000, "2100-03-01T00:00:00Z", "2100-03-01 00:00:00.000000"),
      (-62_135_596_800_000_000, "0001-01-01T00:00:00Z", "0001-01-01 00:00:00.000000"),
      (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z", "9999-12-31 23:59:59.999999"),
    ] as [(Int64, String, String)])
  func `a moment is written in RFC 3339 for people and sortable for SQLite`(
    microseconds: Int64, description: String, sortable: String
  ) {
    let moment = Timestamp(microseconds: microseconds)
    #expect(moment.description == description)
    #expect(moment.sortableText == sortable)
    #expect(Timestamp(description) == moment)
    #expect(Timestamp(sortable) == moment)
  }

  @Test(arguments: [
    "", "2026-01-02", "2026-01-02T03:04", "2026-01-02T03:04:05+02:00", "2026-01-02T03:04:05.5Z",
    "2026-01-02T03:04:05.1234567Z", "2026-01-02T03:04:05,123456Z", "2026-01-02T03:04:05Zjunk",
    "2026/01/02 03:04:05", "2026-13-01T00:00:00Z", "0000-12-31T23:59:59Z", "2026-00-01T00:00:00Z",
    "2026-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-00T00:00:00Z",
    "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z",
    "2026-01-0\u{661}T00:00:00Z", "-026-01-01T00:00:00Z",
  ])
  func `text in any other form is not read as some moment near it`(text: String) {
    #expect(Timestamp(text) == nil)
  }

  @Test(
    arguments: [
      ("2026-01-01T00:00:00Z", 0), ("2026-01-01T00:00:00.5Z", 500_000),
      ("2026-01-01T00:00:00.000Z", 0), ("2026-01-01T00:00:00.123456Z", 123_456),
      ("2026-01-01T00:00:00.1234567Z", nil), ("2026-01-01T00:00:00.Z", nil),
      ("2026-01-01 00:00:00Z", nil), ("2026-01-01T00:00:00", nil), ("2026-13-01T00:00:00.5Z", nil),
      ("2026-01-01T00:00:00+00:00", nil), ("2026-01-01T00:00:00.5ZZ", nil), ("", nil),
    ] as [(String, Int64?)])
  func `RFC 3339 is read as others write it, in UTC`(text: String, microseconds: Int64?) {
    let moment = microseconds.map { Timestamp(microseconds: 1_767_225_600_000_000 + $0) }
    #expect(Timestamp(rfc3339: text) == moment)
  }

  @Test func `sortable text sorts as the moments do, and every random moment is read back`() {
    var generator = SeededGenerator(seed: 1)
    var previous = Timestamp(microseconds: 0)
    for _ in 0..<2_000 {
      let range: ClosedRange<Int64> = -62_135_596_800_000_000...253_402_300_799_999_999
      let moment = Timestamp(microseconds: .random(in: range, using: &generator))
      #expect(Timestamp(moment.description) == moment)
      #expect(Timestamp(moment.sortableText) == moment)
      #expect((moment < previous) == (moment.sortableText < previous.sortableText))
      previous = moment
    }
  }

  @Test(
    arguments: [
      (0, 0), (1, 1_000_000), (999_999, 1_000_000), (1_000_000, 1_000_000),
      (1_000_001, 2_000_000), (-1, 0), (-999_999, 0), (-1_000_000, -1_000_000),
      (-1_000_001, -1_000_000),
    ] as [(Int64, Int64)])
  func `a reset is announced for the first whole second at or after it`(
    microseconds: Int64, rounded: Int64
  ) {
    #expect(Timestamp(microseconds: microseconds).roundedUpToSecond.microseconds == rounded)
  }

  @Test func `the calendar agrees with Foundation's on random days`() throws {
    var foundation = Calendar(identifier: .gregorian)
    foundation.timeZone = try #require(TimeZone(secondsFromGMT: 0))
    var generator = SeededGenerator(seed: 2)
    // Foundation's calendar is Julian before 1582, so the days begin in 1583.
    for _ in 0..<1_000 {
      let day = Int64.random(in: -141_000...2_932_896, using: &generator)
      let date = Date(timeIntervalSince1970: Double(day) * 86_400)
      let expected = foundation.dateComponents([.year, .month, .day], from: date)
      let civil = CivilDate(days: day)
      #expect(Int(civil.year) == expected.year)
      #expect(Int(civil.month) == expected.month)
      #expect(Int(civil.day) == expected.day)
      #expect(CivilDate.days(year: civil.year, month: civil.month, day: civil.day) == day)
    }
  }
}
