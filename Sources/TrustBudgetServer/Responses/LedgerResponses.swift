import TrustBudget

// What the ledger says, as the contract writes it. Members stand in the order in which a person
// wants to read them.

extension JSONObjectText {
  private static let disclaimer =
    "Experimental. Opt-in. Governance primitive. May change or be removed."

  /// What a charge took from one budget.
  package init(_ receipt: Receipt) {
    self.init()
    put("budget_id", receipt.budgetID.value)
    put("cost", receipt.cost.value)
    put("remaining", receipt.remaining)
    put("resets_at", receipt.resetsAt)
    put("experimental", true)
    put("disclaimer", JSONObjectText.disclaimer)
  }

  /// An allowed request: `trust_budget` is an object, or a list where the rule has a list.
  package init(allowed charge: ChargeRecord, replayed: Bool) {
    self.init()
    put("decision", "allowed")
    put("request_id", charge.requestID.value)
    if let rule = charge.rule { put("rule", rule) }
    if let grant = charge.grant {
      put("principals", grant.principals)
      put("max_duration", grant.maxDuration)
    }
    let receipts = charge.receipts.map { JSONObjectText($0) }
    if charge.grant?.listsBudgets == true || receipts.count > 1 {
      put("trust_budget", receipts)
    } else if let receipt = receipts.first {
      put("trust_budget", receipt)
    }
    if replayed { put("replayed", true) }
  }

  /// A charge, and what became of it.
  package init(_ charge: ChargeRecord, replayed: Bool = false) {
    self.init()
    put("request_id", charge.requestID.value)
    put("state", charge.state.rawValue)
    put("username", charge.username)
    if let rule = charge.rule { put("rule", rule) }
    put("charged_at", charge.chargedAt)
    put("trust_budget", charge.receipts.map { JSONObjectText($0) })
    if let certificate = charge.certificate {
      put("certificate", certificate.detail)
    }
    if let settledAt = charge.settledAt { put("settled_at", settledAt) }
    if let refundedAt = charge.refundedAt { put("refunded_at", refundedAt) }
    if replayed { put("replayed", true) }
  }

  /// A budget, as a charge would find it now.
  package init(_ budget: Budget, replayed: Bool = false) {
    self.init()
    put("budget_id", budget.id.value)
    put("balance", budget.balance)
    put("initial_balance", budget.initialBalance.value)
    put("spent", budget.spent)
    put("adjustment", budget.adjustment)
    if let interval = budget.resetInterval {
      put("reset_interval_hours", json: interval.description)
    } else {
      putNull("reset_interval_hours")
    }
    put("window_started_at", budget.windowStartedAt)
    put("resets_at", budget.resetsAt?.roundedUpToSecond)
    put("status", budget.balance > 0 ? "available" : "exhausted")
    put("entries", budget.lastSequence)
    if replayed { put("replayed", true) }
  }

  /// An entry of the trail, with every column.
  package init(_ entry: Entry) {
    self.init()
    put("budget_id", entry.budgetID.value)
    put("budget_seq", entry.sequence)
    put("kind", entry.kind.rawValue)
    put("username", entry.username)
    put("cost", entry.cost)
    put("balance_before", entry.balanceBefore)
    put("balance_after", entry.balanceAfter)
    put("request_id", entry.requestID)
    put("part", Int64(entry.part))
    put("rule", entry.rule)
    put("policy_digest", entry.policyDigest?.hexadecimal)
    put("actor", entry.actor)
    put("node", entry.node)
    put("epoch", entry.epoch)
    put("detail", json: entry.detail)
    put("occurred_at", entry.occurredAt)
    put("hash", entry.hash.hexadecimal)
  }
}
