import LibPQ
import TrustBudget

// An entry as a row of the trail.

extension Entry {
  /// The columns that `init(decoding:)` reads, in its order.
  package static let columns = """
    epoch, budget_id, budget_seq, kind, username, cost, balance_before, balance_after, \
    request_id, part, rule, policy_digest, actor, node, detail, occurred_at, hash
    """

  /// - Parameter isEvidence: whether it is to be verified. Who only looks is told the nearest moment of a time that
  ///   no entry has: one such row must not hide the others.
  /// - Throws: `TrailFault` for what no program of ours has written, or what reading the row throws.
  package init(decoding row: inout PostgresRow, isEvidence: Bool = true) throws {
    let (epoch, name) = (try row.next(Int64.self), try row.next(String.self))
    let sequence = try row.next(Int64.self)
    do {
      self.init(
        epoch: epoch,
        budgetID: try BudgetID(name),
        sequence: sequence,
        kind: try Entry.Kind(decoding: try row.next(String.self)),
        username: try row.next(String?.self),
        cost: try row.next(Int64.self),
        balanceBefore: try row.next(Int64.self),
        balanceAfter: try row.next(Int64.self),
        requestID: try row.next(String?.self),
        part: try row.next(Int16.self),
        rule: try row.next(String?.self),
        policyDigest: try row.next(Digest?.self),
        actor: try row.next(String?.self),
        node: try row.next(String.self),
        detail: try row.next(String.self),
        occurredAt: try Timestamp(try row.next(PostgresTimestamp.self), isExact: isEvidence),
        hash: try row.next(Digest.self))
    } catch let problem as InvalidValue {
      throw TrailFault(unreadable: .budget(name), sequence: sequence, problem)
    }
  }
}

extension Entry.Kind {
  /// - Throws: `InvalidValue` for a kind that this program does not know.
  package init(decoding name: String) throws(InvalidValue) {
    guard let kind = Entry.Kind(rawValue: name) else {
      throw InvalidValue("must be a kind of entry; this program does not know \(name)")
    }
    self = kind
  }
}
