import FoundationEssentials

/// An entry's `detail`, read back. Which members are there depends on the entry's kind.
package struct EntryDetail: Decodable, Hashable, Sendable {
  /// The fingerprint of the request that a charge, an adjustment or a reset answered.
  package let request: String?
  /// How many budgets the charge took from, when more than one.
  package let parts: Int?
  package let grant: SigningGrant?
  package let resetsAt: String?
  package let certificate: Certificate?
  package let initialBalance: Int64?
  package let resetIntervalMicroseconds: Int64?
  package let windowStartedAt: String?

  enum CodingKeys: String, CodingKey {
    case request, parts, grant, certificate
    case resetsAt = "resets_at"
    case initialBalance = "initial_balance"
    case resetIntervalMicroseconds = "reset_interval_microseconds"
    case windowStartedAt = "window_started_at"
  }

  /// - Returns: nil when `text` is not a JSON object with members of these types.
  package init?(_ text: String) {
    guard let value = try? JSONDecoder().decode(EntryDetail.self, from: Data(text.utf8)) else {
      return nil
    }
    self = value
  }
}
