import Testing
import TrustBudget

@testable import PolicyFile

@Suite("Hours of the day")
struct DailyHoursTests {
  @Test(arguments: [
    ("08:00-20:00", "08:00", true), ("08:00-20:00", "19:59", true),
    ("08:00-20:00", "20:00", false), ("08:00-20:00", "07:59", false),
    ("22:00-06:00", "23:00", true), ("22:00-06:00", "00:00", true),
    ("22:00-06:00", "06:00", false), ("22:00-06:00", "12:00", false),
    ("20:00-24:00", "23:59", true), ("20:00-24:00", "00:00", false),
    ("22:00-00:00", "23:59", true), ("22:00-00:00", "00:00", false),
    ("00:00-24:00", "00:00", true), ("00:00-24:00", "23:59", true),
  ])
  func `a range holds its start and not its end, across midnight as well`(
    range: String, time: String, expected: Bool
  ) throws {
    let moment = try Samples.moment(time)
    #expect(try DailyHours(range).contains(TimeOfDay(moment)) == expected)
  }

  @Test(arguments: [
    "", "08:00", "8:00-20:00", "08:00-08:00", "24:00-08:00", "08:00-24:01", "08:60-09:00",
    "08:00 - 20:00", "08:00-20:00-22:00", "25:00-26:00", "08.00-20.00", "0٨:00-20:00",
  ])
  func `what is not a range of hours is refused`(range: String) {
    #expect(throws: InvalidValue.self) { try DailyHours(range) }
  }

  @Test func `the last microsecond of a day, and one before 1970, are on the right day`() {
    #expect(TimeOfDay(Timestamp(microseconds: 86_399_999_999)).description == "23:59")
    #expect(TimeOfDay(Timestamp(microseconds: -1)).description == "23:59")
    #expect(TimeOfDay(Timestamp(microseconds: 0)).description == "00:00")
  }
}
