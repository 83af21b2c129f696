import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// What becomes of a charge, and what administrators do, on whichever node it is asked.
@Suite struct FollowUpTests {
  @Test func `settling twice with the same certificate is a no-op, with another one an error`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(2) { nodes in
        let budgets = ["user:alice", "group:sre"]
        _ = try await nodes[0].perform(
          .charging([.of("user:alice"), .of("group:sre")], requestID: "c"))
        let settled = try await nodes[1].perform(.settling("c", of: budgets))
        #expect(settled.record?.state == .settled && !settled.isRepeated)
        let again = try await nodes[0].perform(.settling("c", of: budgets))
        #expect(again.isRepeated && again.record == settled.record)
        let other = try await nodes[0].perform(.settling("c", of: budgets, serial: "2"))
        let sent = Certificate(
          serial: "2", keyID: "alice", fingerprint: "SHA256:abc",
          validAfter: "2026-01-01T00:00:00Z", validBefore: nil)
        #expect(
          other.rejection
            == .alreadySettled(
              try RequestID("c"), with: settled.record?.certificate, not: sent))
        let charge = try await nodes[1].reader.charge(RequestID("c"))
        #expect(charge == settled.record)
      }
      #expect(try await database.entryCounts()["settlement"] == 2)
      try await database.expectSoundLedger()
    }
  }

  @Test func `a refund gives every budget its points back, once`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(2) { nodes in
        let terms: [Terms] = [
          try .of("user:alice", cost: 3), try .of("group:sre", cost: 2),
        ]
        _ = try await nodes[0].perform(.charging(terms, requestID: "c"))
        let budgets = terms.map(\.budgetID.value)
        let answers = try await concurrently(20) { number in
          try await nodes[number % 2].perform(.refunding("c", of: budgets))
        }
        #expect(answers.count { $0.record?.state == .refunded } == 20)
        #expect(answers.count { !$0.isRepeated } == 1)
        for id in budgets {
          #expect(try await nodes[0].reader.budget(BudgetID(id))?.balance == 100)
        }
        let replayed = try await nodes[1].perform(.charging(terms, requestID: "c"))
        #expect(replayed.rejection == .alreadyRefunded(try RequestID("c")))
      }
      #expect(try await database.entryCounts()["refund"] == 2)
      try await database.expectSoundLedger()
    }
  }

  @Test func `after a settlement only an administrator refunds`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(2) { nodes in
        _ = try await nodes[0].perform(.charging("user:alice", requestID: "c"))
        let settled = try await nodes[1].perform(.settling("c", of: ["user:alice"]))
        let refused = try await nodes[0].perform(.refunding("c", of: ["user:alice"]))
        #expect(
          refused.rejection
            == .alreadySettled(try RequestID("c"), with: settled.record?.certificate))
        let refunded = try await nodes[1].perform(
          .refunding("c", of: ["user:alice"], byAdministrator: true))
        #expect(refunded.record?.state == .refunded)
      }
      try await database.expectSoundLedger()
    }
  }

  @Test func `a refund after the window's end gives nothing back a second time`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1) { nodes in
        _ = try await nodes[0].perform(.charging("user:alice", cost: 7, requestID: "c"))
        _ = try await nodes[0].perform(.resetting("user:alice"))
        _ = try await nodes[0].perform(.refunding("c", of: ["user:alice"]))
        #expect(try await nodes[0].reader.budget(BudgetID("user:alice"))?.balance == 100)
      }
      try await database.expectSoundLedger()
    }
  }

  @Test func `an adjustment adds its points once, whoever repeats it`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(2) { nodes in
        _ = try await nodes[0].perform(.charging("user:alice"))
        let answers = try await concurrently(20) { number in
          try await nodes[number % 2].perform(
            .adjusting("user:alice", by: -40, requestID: "a"))
        }
        #expect(answers.allSatisfy { $0.budget?.balance == 59 })
        #expect(answers.count { !$0.isRepeated } == 1)
        let mismatch = try await nodes[0].perform(
          .adjusting("user:alice", by: 41, requestID: "a"))
        #expect(mismatch.rejection == .requestMismatch(try RequestID("a")))
      }
      #expect(try await database.entryCounts()["adjustment"] == 1)
      try await database.expectSoundLedger()
    }
  }

  @Test(arguments: ["settle", "refund", "adjust", "reset"])
  func `what is asked of a charge or a budget that isn't there is rejected`(
    kind: String
  ) async throws {
    let id = try RequestID("never")
    let budget = try BudgetID("user:nobody")
    let (operation, expected): (TrustBudget.Operation, Rejection) =
      switch kind {
      case "settle": (try .settling("never", of: ["user:nobody"]), .noSuchCharge(id))
      case "refund": (try .refunding("never", of: ["user:nobody"]), .noSuchCharge(id))
      case "adjust": (try .adjusting("user:nobody", by: 1), .noSuchBudget(budget))
      default: (try .resetting("user:nobody"), .noSuchBudget(budget))
      }
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1) { nodes in
        let answer = try await nodes[0].perform(operation)
        #expect(answer.rejection == expected)
      }
      #expect(try await database.entryCounts() == [:])
    }
  }
}
