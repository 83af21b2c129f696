import TrustBudget

/// The ends of the chains that were followed lately, as many as there is room for.
///
/// Looking one up in the file costs as much as verifying the entry that follows it.
struct RememberedHeads {
  /// As many as a table of 2^17 places takes before it grows, some 8 MB.
  static let usualCapacity = 98_304
  /// Where there is no room, this part is forgotten at once, whichever it is. If all were, each would be
  /// looked up again.
  private static let forgottenPart = 96

  private let capacity: Int
  private var heads: [String: ChainHead] = [:]

  init(capacity: Int = usualCapacity) {
    self.capacity = max(1, capacity)
  }

  var count: Int { heads.count }

  /// The end of a budget's chain; nil where that is not remembered.
  subscript(budgetID: String) -> ChainHead? { heads[budgetID] }

  mutating func remember(_ head: ChainHead, of budgetID: String) {
    if heads.count >= capacity, heads[budgetID] == nil { makeRoom() }
    heads[budgetID] = head
  }

  private mutating func makeRoom() {
    let part = max(1, capacity / RememberedHeads.forgottenPart)
    for budgetID in Array(heads.keys.prefix(part)) { heads[budgetID] = nil }
  }
}
