import PolicyFile
import Testing
import TrustBudget

@Suite("Certificate durations")
struct CertificateDurationTests {
  @Test(arguments: [
    ("90s", 90, "90s"), ("15m", 900, "15m"), ("1h", 3_600, "1h"), ("1h30m", 5_400, "1h30m"),
    ("2d", 172_800, "2d"), ("15", 900, "15m"), ("60s", 60, "60s"),
    ("1d2h3m4s", 93_784, "1d2h3m4s"),
    ("3650d", 315_360_000, "3650d"),
  ])
  func `every spelling has its length, and is kept`(
    text: String, seconds: Int64, description: String
  ) throws {
    let duration = try CertificateDuration(text)
    #expect(duration.seconds == seconds)
    #expect(duration.description == description)
  }

  @Test(arguments: [
    "", "0", "0s", "0h0m", "-15m", "+15m", "15 m", " 15m", "15x", "m", "1.5h", "1h30", "30m1h",
    "1m1m", "15M", "3651d", "87601h", "99999999999999999999s", "99999999999999999999", "1٣m",
    "9223372036854775807d", "15m\n", "1h\u{0}",
  ])
  func `what is no duration, or not a sensible one, is refused`(text: String) {
    #expect(throws: InvalidValue.self) { try CertificateDuration(text) }
  }

  @Test(arguments: [(1, "1s"), (60, "1m"), (90, "1m30s"), (5_400, "1h30m"), (172_800, "2d")])
  func `seconds are spelled with the largest units`(seconds: Int64, description: String) throws {
    #expect(try CertificateDuration(seconds: seconds).description == description)
  }

  @Test func `durations are equal by length, not by spelling`() throws {
    #expect(try CertificateDuration("60s") == CertificateDuration("1m"))
    #expect(try CertificateDuration("59s") < CertificateDuration("1m"))
    #expect(throws: InvalidValue.self) { try CertificateDuration(seconds: 0) }
    #expect(throws: InvalidValue.self) { try CertificateDuration(seconds: .max) }
  }
}
