import TrustBudget

/// Invariants 3 and 4, for one request id: what its callers were told is what the trail says.
struct AnswerCheck {
  let id: String
  /// What all who sent the id were told; the last one at least got an answer.
  let answers: [ToldAnswer]
  /// All entries with this id.
  let entries: [Entry]

  var faults: [String] {
    (chargeFaults + followUpFaults(.settlement, .settled) + followUpFaults(.refund, .refunded)
      + changeFaults + denialFaults).map { "\(id): \($0)" }
  }

  /// How many were told of something that was done at that moment.
  private func firsts(_ kind: ToldAnswer.Kind) -> Int {
    answers.count { $0.kind == kind && !$0.isRepeated }
  }

  private func isTold(_ kind: ToldAnswer.Kind) -> Bool {
    answers.contains { $0.kind == kind }
  }

  private func entries(_ kind: Entry.Kind) -> [Entry] {
    entries.filter { $0.kind == kind }.sorted { $0.part < $1.part }
  }

  private var chargeFaults: [String] {
    let written = entries(.charge)
    var faults: [String] = []
    if firsts(.charged) > 1 { faults.append("charged more than once") }
    if !written.isEmpty, !isTold(.alreadyRefunded), answers.allSatisfy(\.receipts.isEmpty) {
      faults.append("charged, and nobody was told")
    }
    let receipts = written.map {
      ToldAnswer.ToldReceipt(
        budgetID: $0.budgetID.value, sequence: $0.sequence, cost: $0.cost,
        remaining: $0.balanceAfter)
    }
    if written.map(\.part) != written.indices.map({ Int16($0 + 1) }) {
      faults.append("the parts are \(written.map(\.part))")
    }
    for answer in answers where !answer.receipts.isEmpty && answer.receipts != receipts {
      faults.append("told \(answer.receipts), written \(receipts)")
    }
    return faults
  }

  /// A settlement or a refund: none, or one for each part of the charge.
  private func followUpFaults(_ kind: Entry.Kind, _ answer: ToldAnswer.Kind) -> [String] {
    let written = entries(kind)
    var faults: [String] = []
    if firsts(answer) > 1 { faults.append("\(answer) twice") }
    if isTold(answer), written.isEmpty { faults.append("told \(answer), and it is not written") }
    if !written.isEmpty, written.map(\.part) != entries(.charge).map(\.part) {
      faults.append("\(answer) in some parts only")
    }
    return faults
  }

  /// An administrator's adjustment or reset: one entry, or none.
  private var changeFaults: [String] {
    let written = entries(.adjustment) + entries(.reset)
    var faults: [String] = []
    if written.count > 1 { faults.append("changed twice") }
    if firsts(.changed) > 1 { faults.append("told of two changes") }
    if isTold(.changed) == written.isEmpty { faults.append("told \(answers), not \(written)") }
    return faults
  }

  /// A denial takes nothing. One whose answer was lost is decided again, and written again.
  private var denialFaults: [String] {
    let written = entries(.denial)
    var faults: [String] = []
    if written.count < firsts(.denied) {
      faults.append("\(firsts(.denied)) denials told, \(written.count) written")
    }
    if written.contains(where: { $0.balanceBefore != $0.balanceAfter }) {
      faults.append("a denial moved the balance")
    }
    return faults
  }
}
