import Testing

@testable import TrustBudget

@Suite("Points")
struct PointsTests {
  @Test("Points are whole numbers from 0 to 2^53 - 1", arguments: [0, 1, 9_007_199_254_740_991])
  func acceptsTheRange(value: Int64) throws {
    #expect(try Points(value).value == value)
  }

  @Test(
    "Anything else is refused with the range in words",
    arguments: [-1, 9_007_199_254_740_992, .min, .max] as [Int64])
  func refusesTheRest(value: Int64) {
    #expect(throws: InvalidValue("must be a whole number from 0 to 9007199254740991")) {
      try Points(value)
    }
  }

  @Test(
    "Points are read aloud in the singular for 1 only",
    arguments: [(0, "0 points"), (1, "1 point"), (2, "2 points")] as [(Int64, String)])
  func description(value: Int64, text: String) throws {
    #expect(try Points(value).description == text)
  }

  @Test("Points compare by amount")
  func order() throws {
    #expect(Points.zero < .one)
    #expect(try Points(100) == .defaultInitialBalance)
  }

  @Test(
    "An adjustment of nothing, or beyond the range, is refused",
    arguments: [0, 9_007_199_254_740_992, -9_007_199_254_740_992, .min] as [Int64])
  func refusesAdjustments(points: Int64) {
    #expect(throws: InvalidValue.self) { try adjustment("a", of: points) }
  }
}

@Suite("Reset intervals")
struct ResetIntervalTests {
  @Test(
    "Hours may have fractions, and are rounded to the microsecond",
    arguments: [
      (24, 86_400_000_000), (0.5, 1_800_000_000), (1.0 / 3, 1_200_000_000),
      (0.000_000_3, 1_080), (876_600, 3_155_760_000_000_000),
    ] as [(Double, Int64)])
  func hours(hours: Double, microseconds: Int64) throws {
    #expect(try ResetInterval(hours: hours).microseconds == microseconds)
  }

  @Test(
    "Less than a millisecond, more than a hundred years and what is no number are refused",
    arguments: [0, -1, -0.0, 0.000_000_1, 876_600.1, 1e300, .infinity, -.infinity, .nan])
  func refuses(hours: Double) {
    #expect(throws: InvalidValue.self) { try ResetInterval(hours: hours) }
  }

  @Test(
    "Whole hours are written without a fraction",
    arguments: [(24, "24"), (0.5, "0.5"), (1.25, "1.25")] as [(Double, String)])
  func description(hours: Double, text: String) throws {
    #expect(try ResetInterval(hours: hours).description == text)
  }
}
