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
    budgetID.map { $0 == entry.budgetID.value } ?? true
      && username.map { $0 == entry.username } ?? true
      && since.map { entry.occurredAt >= $0 } ?? true
      && until.map { entry.occurredAt < $0 } ?? true
  }

  func includes(_ event: BreakGlassEvent) -> Bool {
    budgetID == nil
      && username.map { $0 == event.username } ?? true
      && since.map { event.occurredAt >= $0 } ?? true
      && until.map { event.occurredAt < $0 } ?? true
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
