/// A batch of operations, decided one after another over budgets that are locked.
///
/// This is the ledger's arithmetic, and all of it: a value that is given the state, the operations
/// and the time, and ends as the new state, the entries and the answers. It knows no database and
/// no clock, so it can be tested by the million.
package struct Batch {
  package let ledger: LedgerIdentity
  package let node: String
  /// The database's clock, read after the last lock was granted.
  package let now: Timestamp
  /// The entries that the decisions have written, in order, since they were last removed.
  package private(set) var entries: [Entry] = []

  var budgets: [Budget] = []
  var indexes: [BudgetID: Int] = [:]
  var known: KnownRequests
  /// The answers of this batch that tell of a charge, the newest for each request id.
  private var answers: [RequestID: Answer] = [:]
  private var entryHash: EntryHash
  private var isChanged: [Bool]

  /// - Parameters:
  ///   - budgets: the locked rows: every budget that an operation of the batch names.
  ///   - known: what the trail already holds under the operations' request ids.
  package init(
    ledger: LedgerIdentity, node: String, now: Timestamp, budgets: [Budget],
    known: KnownRequests = KnownRequests()
  ) {
    self.ledger = ledger
    self.node = node
    self.now = now
    self.budgets = budgets
    self.known = known
    self.entryHash = EntryHash(ledgerID: ledger.id)
    self.isChanged = [Bool](repeating: false, count: budgets.count)
    self.indexes = Dictionary(
      uniqueKeysWithValues: budgets.enumerated().map { ($1.id, $0) })
  }

  /// The budgets that the decisions so far have written to, with their places among those that were
  /// given: each has a new newest entry.
  package var changes: [(index: Int, budget: Budget)] {
    budgets.indices.lazy.filter { isChanged[$0] }.map { ($0, budgets[$0]) }
  }

  /// Whether each of these budgets has its first entry, and so may exist.
  package func hasEntries(for ids: [BudgetID]) -> Bool {
    ids.allSatisfy { id in indexes[id].map { budgets[$0].lastSequence > 0 } ?? false }
  }

  /// Forgets the entries, because somebody else has them now.
  package mutating func removeEntries() {
    entries.removeAll(keepingCapacity: true)
  }

  /// Decides operations one after another.
  ///
  /// - Returns: an answer for each, in their order.
  package mutating func decide(_ operations: some Collection<Operation>) -> [Answer] {
    answers.reserveCapacity(answers.count + operations.count)
    return operations.map { decide($0) }
  }

  /// Decides one operation, and writes down what it changes.
  package mutating func decide(_ operation: Operation) -> Answer {
    let answer: Answer =
      switch operation {
      case .charge(let charge): decide(charge)
      case .settlement(let settlement): decide(settlement)
      case .refund(let refund): decide(refund)
      case .adjustment(let adjustment): decide(adjustment)
      case .reset(let reset): decide(reset)
      }
    if let charge = answer.charge { answers[charge.requestID] = answer }
    return answer
  }

  /// The charge of a request id: as this batch leaves it, else as the trail has it.
  func charge(of id: RequestID) -> ChargeRecord? {
    answers[id]?.charge ?? known.charges[id]
  }
}

// MARK: - Entries

extension Batch {
  /// Whom and what an entry is about.
  struct Subject {
    static let none = Subject()

    var username: String?
    var cost: Int64 = 0
    var requestID: String?
    var part: Int16 = 1
  }

  /// Appends the next entry of a budget's chain; its balance is the budget's as it is now.
  mutating func record(
    _ kind: Entry.Kind, at index: Int, balanceBefore: Int64, _ subject: Subject, _ origin: Origin,
    _ detail: JSONObjectText
  ) {
    let budget = budgets[index]
    var entry = Entry(
      epoch: ledger.epoch, budgetID: budget.id, sequence: budget.lastSequence + 1, kind: kind,
      username: subject.username, cost: subject.cost, balanceBefore: balanceBefore,
      balanceAfter: budget.balance, requestID: subject.requestID, part: subject.part,
      rule: origin.rule, policyDigest: origin.policyDigest, actor: origin.actor, node: node,
      detail: detail.text, occurredAt: now, hash: .zero)
    entry.hash = entryHash.hash(of: entry, after: budget.lastHash)
    budgets[index].lastSequence += 1
    budgets[index].lastHash = entry.hash
    isChanged[index] = true
    entries.append(entry)
  }
}

extension Batch.Subject {
  init(_ charge: ChargeRecord, _ receipt: Receipt, part: Int) {
    self.init(
      username: charge.username, cost: receipt.cost.value, requestID: charge.requestID.value,
      part: Int16(part + 1))
  }
}
