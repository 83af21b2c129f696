import Testing

@testable import TrustBudget

@Suite("Points")
struct PointsTests {
  @Test(arguments: [0, 1, 9_007_199_254_740_991])
  func `points are whole numbers from 0 to 2^53 - 1`(value: Int64) throws {
    #expect(try Points(value).value == value)
  }

  @Test(arguments: [-1, 9_007_199_254_740_992, .min, .max] as [Int64])
  func `anything else is refused with the range in words`(value: Int64) {
    #expect(throws: InvalidValue("must be a whole number from 0 to 9007199254740991")) {
      try Points(value)
    }
  }

  @Test(arguments: [(0, "0 points"), (1, "1 point"), (2, "2 points")] as [(Int64, String)])
  func `points are read aloud in the singular for 1 only`(value: Int64, text: String) throws {
    #expect(try Points(value).description == text)
  }

  @Test func `points compare by amount`() throws {
    #expect(Points.zero < .one)
    #expect(try Points(100) == .defaultInitialBalance)
  }

  @Test(arguments: [0, 9_007_199_254_740_992, -9_007_199_254_740_992, .min] as [Int64])
  func `an adjustment of nothing, or beyond the range, is refused`(points: Int64) {
    #expect(throws: InvalidValue.self) { try adjustment("a", of: points) }
  }
}

@Suite("Reset intervals")
struct ResetIntervalTests {
  @Test(
    arguments: [
      (24, 86_400_000_000), (0.5, 1_800_000_000), (1.0 / 3, 1_200_000_000),
      (0.000_000_3, 1_080), (876_600, 3_155_760_000_000_000),
    ] as [(Double, Int64)])
  func `hours may have fractions, and are rounded to the microsecond`(
    hours: Double, microseconds: Int64
  ) throws {
    #expect(try ResetInterval(hours: hours).microseconds == microseconds)
  }

  @Test(arguments: [0, -1, -0.0, 0.000_000_1, 876_600.1, 1e300, .infinity, -.infinity, .nan])
  func `less than a millisecond, more than a hundred years and what is no number are refused`(
    hours: Double
  ) {
    #expect(throws: InvalidValue.self) { try ResetInterval(hours: hours) }
  }

  @Test(arguments: [(24, "24"), (0.5, "0.5"), (1.25, "1.25")] as [(Double, String)])
  func `whole hours are written without a fraction`(hours: Double, text: String) throws {
    #expect(try ResetInterval(hours: hours).description == text)
  }
}
