import TrustBudget

/// Which entries and break-glass events an export is about.
package struct ExportFilter: Hashable, Sendable {
  /// Of events none: they belong to no budget.
  package var budgetID: String?
  package var username: String?
  /// Entries and events at or after this moment.
  package var since: Timestamp?
  /// Entries and events before this moment.
  package var until: Timestamp?

  package init(
    budgetID: String? = nil, username: String? = nil, since: Timestamp? = nil,
    until: Timestamp? = nil
  ) {
    self.budgetID = budgetID
    self.username = username
    self.since = since
    self.until = until
  }

  /// Whether chains can be verified from their first entry on.
  var holdsEverything: Bool { self == ExportFilter() }

  func includes(_ entry: Entry) -> Bool {
    budgetID.map { isSame($0, entry.budgetID.value) } ?? true
      && includes(username: entry.username, at: entry.occurredAt)
  }

  func includes(_ event: BreakGlassEvent) -> Bool {
    budgetID == nil && includes(username: event.username, at: event.occurredAt)
  }

  private func includes(username name: String?, at moment: Timestamp) -> Bool {
    username.map { isSame($0, name) } ?? true
      && since.map { moment >= $0 } ?? true
      && until.map { moment < $0 } ?? true
  }

  /// For `meta.filter`; nil for the whole trail.
  var words: String? {
    guard !holdsEverything else { return nil }
    return [
      budgetID.map { "budget \($0)" }, username.map { "user \($0)" },
      since.map { "since \($0)" }, until.map { "until \($0)" },
    ].compactMap(\.self).joined(separator: ", ")
  }
}
