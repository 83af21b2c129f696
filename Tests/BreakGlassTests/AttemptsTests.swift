import Testing
import TrustBudget

@testable import BreakGlass

/// What is remembered of requests that were not granted yet.
struct AttemptsTests {
  private func moment(_ number: Int64) -> Timestamp { Timestamp(microseconds: number) }

  @Test func `what came first is forgotten first, however often it came`() {
    var attempts = Attempts(limit: 3)
    attempts.note("a", at: moment(1))
    attempts.note("a", at: moment(1))
    attempts.note("b", at: moment(2))
    attempts.note("a", at: moment(3))
    attempts.note("c", at: moment(4))
    #expect(attempts.remove("a") == nil)
    #expect(attempts.remove("b") == [moment(2)])
    attempts.note("c", at: moment(5))
    #expect(attempts.remove("c") == [moment(4), moment(5)])
    #expect(attempts.remove("c") == nil)
  }

  @Test func `one that comes more often than all may is forgotten, and comes anew`() {
    var attempts = Attempts(limit: 2)
    for number: Int64 in 1...4 { attempts.note("a", at: moment(number)) }
    #expect(attempts.remove("a") == [moment(4)])
  }
}
