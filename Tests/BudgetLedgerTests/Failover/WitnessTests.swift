import Testing
import TrustBudget

@testable import BudgetLedger

/// What a node remembers of the ledger it has worked on.
@Suite struct WitnessTests {
  @Test func `an epoch before the one that was seen is refused, until there is a new one`() throws {
    let id = "00000000-0000-4000-8000-000000000001"
    let witness = Witness()
    try witness.see(LedgerIdentity(id: id, epoch: 1))
    try witness.see(LedgerIdentity(id: id, epoch: 2))
    #expect(throws: SchemaProblem.epochWentBack(found: 1, seen: 2)) {
      try witness.see(LedgerIdentity(id: id, epoch: 1))
    }
    try witness.see(LedgerIdentity(id: id, epoch: 2))
    try witness.see(LedgerIdentity(id: "00000000-0000-4000-8000-000000000002", epoch: 1))
  }
}
