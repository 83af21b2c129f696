import Testing
import TrustBudgetTesting

@testable import BudgetLedger

/// A question that many ask, and one answers.
@Suite struct SharedAnswerTests {
  @Test func `all who ask at once, or a moment later, get one answer`() async throws {
    let asked = Counter()
    let answer = SharedAnswer(for: .seconds(3_600)) {
      asked.increment()
      return asked.value
    }
    #expect(try await concurrently(100) { _ in try await answer.get() }.allSatisfy { $0 == 1 })
    #expect(try await answer.get() == 1)
    #expect(asked.value == 1)
  }

  @Test func `an answer that is old is asked for again`() async throws {
    let asked = Counter()
    let answer = SharedAnswer(for: .zero) {
      asked.increment()
      return asked.value
    }
    for number in 1...3 { #expect(try await answer.get() == number) }
  }

  @Test func `who goes away takes the answer from nobody`() async throws {
    let asked = Counter()
    let gate = AsyncStream<Void>.makeStream()
    let answer = SharedAnswer(for: .seconds(3_600)) {
      asked.increment()
      for await _ in gate.stream {}
      try Task.checkCancellation()
      return asked.value
    }
    let first = Task { try await answer.get() }
    #expect(try await eventually { asked.value == 1 })
    first.cancel()
    let second = Task { try await answer.get() }
    gate.continuation.finish()
    #expect(try await second.value == 1)
  }

  @Test func `an error is an answer, for all who wait for it`() async throws {
    let asked = Counter()
    let answer = SharedAnswer<Void>(for: .seconds(3_600)) {
      asked.increment()
      throw TestFailure("no")
    }
    for _ in 1...2 { await #expect(throws: TestFailure.self) { try await answer.get() } }
    #expect(asked.value == 1)
  }
}
