import LibPQ
import TrustBudget

/// What the trail holds under request ids, denials aside (a denied request is decided afresh).
///
/// Served by the partial index `audit_entries_request`, whose condition it repeats.
struct FindRequests: PostgresStatement {
  static let name: String? = "find_requests"
  static let sql = """
    SELECT \(Entry.columns)
    FROM trust_budget.audit_entries
    WHERE request_id = ANY ($1) AND kind <> 'denial'
    """
  static let parameterTypes: [PostgresType] = [.textArray]

  let ids: [String]

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(ids)
  }

  static func decode(_ row: inout PostgresRow) throws -> Entry {
    try Entry(decoding: &row, isEvidence: false)
  }
}
