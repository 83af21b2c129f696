/// A chain of hashes: a budget's entries, or a journal's break-glass events.
package enum TrailChain: Hashable, Sendable, CustomStringConvertible {
  case budget(String)
  case journal(String)

  package var isJournal: Bool {
    if case .journal = self { true } else { false }
  }

  /// The budget's or the journal's id.
  package var name: String {
    switch self {
    case .budget(let id), .journal(let id): id
    }
  }

  /// What one of its rows is called.
  package var rowName: String {
    switch self {
    case .budget: "entry"
    case .journal: "event"
    }
  }

  package var description: String {
    switch self {
    case .budget(let id): id
    case .journal(let id): "journal \(id)"
    }
  }
}
