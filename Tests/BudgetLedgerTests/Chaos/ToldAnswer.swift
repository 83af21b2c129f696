import TrustBudget
import TrustBudgetTesting

/// What a caller was told, as far as the trail can bear it out; short enough for a line of a file.
struct ToldAnswer: Codable, Hashable, Sendable {
  enum Kind: String, Codable {
    case charged, denied, settled, refunded, changed, alreadyRefunded, rejected
  }

  struct ToldReceipt: Codable, Hashable, Sendable {
    let budgetID: String
    let sequence: Int64
    let cost: Int64
    let remaining: Int64
  }

  let kind: Kind
  let isRepeated: Bool
  let receipts: [ToldReceipt]

  init(_ answer: Answer) {
    kind =
      switch answer {
      case .charged: .charged
      case .denied: .denied
      case .settled: .settled
      case .refunded: .refunded
      case .changed: .changed
      case .rejected(.alreadyRefunded): .alreadyRefunded
      case .rejected: .rejected
      }
    isRepeated = answer.isRepeated
    receipts = (answer.record?.receipts ?? []).map {
      ToldReceipt(
        budgetID: $0.budgetID.value, sequence: $0.sequence, cost: $0.cost.value,
        remaining: $0.remaining)
    }
  }
}
