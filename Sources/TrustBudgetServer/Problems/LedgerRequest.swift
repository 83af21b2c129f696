import TrustBudget

/// What the ledger was asked for. Where it gave no answer, that decides what there is to say: who asked for
/// a charge must not sign, and who settles one has signed.
enum LedgerRequest {
  /// A charge, or what it would be answered.
  case charge
  /// What becomes of a charge, or what an administrator does about a budget.
  case change
  case read

  init(_ operation: Operation) {
    if case .charge = operation { self = .charge } else { self = .change }
  }

  /// What goes without saying of a read, and ends a sentence about others: `; nothing was charged`.
  var ifUndone: String {
    switch self {
    case .charge: "; nothing was charged"
    case .change: "; nothing was changed"
    case .read: ""
    }
  }

  /// The same, of a ledger that cannot be asked.
  var ifUnasked: String {
    switch self {
    case .charge: ", so nothing was charged and nothing may be signed"
    case .change: ", so nothing was changed"
    case .read: ""
    }
  }

  /// What a request never is twice.
  var done: String { self == .charge ? "charged" : "done" }
}
