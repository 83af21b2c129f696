@testable import TrustBudget

/// A ledger with entries of every kind, on alice's budget and the group's.
func busyLedger() throws -> MemoryLedger {
  var ledger = MemoryLedger()
  let origin = Origin(actor: "ca-1", rule: "Developer", policyDigest: Digest(hashing: [1]))
  let grant = SigningGrant(principals: ["user"], maxDuration: "15m", listsBudgets: true)
  _ = ledger.decide([
    try charge(
      "1", [terms(cost: 3, every: 24), terms(sre, cost: 2)], grant: grant, origin: origin),
    try charge("2", terms(cost: 2, every: 24)),
    try charge("3", terms(cost: 9, every: 24)),
    try charge("4", terms(cost: 9, every: 24, .observe)),
    try settlement("1", of: [alice, sre]),
    try refund("2"),
    try adjustment("5", of: -4),
    try reset("6"),
  ])
  ledger.now = .newYear.after(hours: 30)
  _ = ledger.decide([
    try refund("1", of: [alice, sre], byAdministrator: true),
    try charge("7", terms(cost: 5, of: 20, every: 12)),
    try charge("8", terms(sre, cost: 1, of: 10)),
  ])
  return ledger
}
