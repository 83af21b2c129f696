import TrustBudget

/// Which budgets are wanted, in the order of their names.
package struct BudgetQuery: Sendable {
  /// Which budgets are wanted, by what is left of them now.
  package enum Status: String, Sendable, CaseIterable {
    /// Something is left.
    case available
    /// Less than a fifth of the allocation is left.
    case low
    /// Nothing is left.
    case exhausted
  }

  let prefix: String
  let status: Status?
  var after: String
  var limit: Int

  /// - Parameters:
  ///   - prefix: how the names begin; all when empty.
  ///   - after: the cursor of the page before; empty for the first.
  ///   - limit: how many at most, at least 1.
  package init(prefix: String = "", status: Status? = nil, after: String = "", limit: Int) {
    self.prefix = prefix
    self.status = status
    self.after = after
    self.limit = limit
  }

  /// The first name, by bytes, behind all that begin with the prefix; nil where none is.
  var end: String? {
    var scalars = prefix.unicodeScalars
    while let last = scalars.popLast() {
      guard let next = last == "\u{D7FF}" ? "\u{E000}" : Unicode.Scalar(last.value + 1) else {
        continue
      }
      scalars.append(next)
      return String(scalars)
    }
    return nil
  }
}

/// Some of the budgets that were asked for, in the order of their names.
package struct BudgetPage: Sendable {
  /// As many as were asked for, fewer, or none.
  package var budgets: [Budget] = []
  /// The last name that was looked at, after which there are more to look at; nil at the end.
  package var cursor: String?
}
