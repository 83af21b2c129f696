import TrustBudget

/// When requests were asked for, by their ids: so many moments at most, the ids that came first being forgotten
/// first.
struct Attempts {
  private let limit: Int
  private var moments: [String: Set<Timestamp>] = [:]
  /// In the order in which they came.
  private var ids: [String] = []
  private var count = 0

  init(limit: Int) {
    self.limit = limit
  }

  mutating func note(_ id: String, at moment: Timestamp) {
    if moments[id] == nil { ids.append(id) }
    guard moments[id, default: []].insert(moment).inserted else { return }
    count += 1
    while count > limit, let oldest = ids.first { _ = remove(oldest) }
  }

  /// - Returns: when it was asked for; nil where nothing is known of it.
  mutating func remove(_ id: String) -> Set<Timestamp>? {
    guard let found = moments.removeValue(forKey: id) else { return nil }
    count -= found.count
    // Most leave soon after they came.
    if let index = ids.lastIndex(of: id) { ids.remove(at: index) }
    return found
  }
}
