import TrustBudget

/// What an export is written as.
package enum ExportFormat: String, Sendable, CaseIterable {
  /// A file like the live one.
  case sqlite
  /// RFC 4180, with a header.
  case csv
  /// A JSON object a line, as `examples/verify_chain.py` reads them.
  case jsonl

  static let columns = [
    "entry_id", "epoch", "transaction_id", "budget_id", "budget_seq", "kind", "username", "cost",
    "balance_before", "balance_after", "request_id", "part", "rule", "policy_digest", "actor",
    "node", "detail", "occurred_at", "hash",
  ]

  static var csvHeader: String { columns.joined(separator: ",") + "\r\n" }

  /// NULL is nothing at all, an empty text is `""`.
  static func csvLine(_ row: MirroredEntry) -> String {
    let entry = row.entry
    let values: [String?] = [
      "\(row.entryID)", "\(entry.epoch)", "\(row.transactionID)", quoted(entry.budgetID.value),
      "\(entry.sequence)", entry.kind.rawValue, quoted(entry.username), "\(entry.cost)",
      "\(entry.balanceBefore)", "\(entry.balanceAfter)", quoted(entry.requestID), "\(entry.part)",
      quoted(entry.rule), entry.policyDigest?.hexadecimal, quoted(entry.actor), quoted(entry.node),
      quoted(entry.detail), entry.occurredAt.sortableText, entry.hash.hexadecimal,
    ]
    return values.map { $0 ?? "" }.joined(separator: ",") + "\r\n"
  }

  private static func quoted(_ text: String?) -> String? {
    guard let text else { return nil }
    let needsQuotes =
      text.isEmpty
      || text.utf8.contains { byte in
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == 10 || byte == 13
      }
    return needsQuotes ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
  }

  /// `detail` is a text, to the letter: the hash covers it.
  static func jsonLine(_ row: MirroredEntry) -> String {
    let entry = row.entry
    var object = JSONObjectText()
    object.put("entry_id", row.entryID)
    object.put("epoch", entry.epoch)
    object.put("transaction_id", row.transactionID)
    object.put("budget_id", entry.budgetID.value)
    object.put("budget_seq", entry.sequence)
    object.put("kind", entry.kind.rawValue)
    object.putText("username", entry.username)
    object.put("cost", entry.cost)
    object.put("balance_before", entry.balanceBefore)
    object.put("balance_after", entry.balanceAfter)
    object.putText("request_id", entry.requestID)
    object.put("part", Int64(entry.part))
    object.putText("rule", entry.rule)
    object.putText("policy_digest", entry.policyDigest?.hexadecimal)
    object.putText("actor", entry.actor)
    object.put("node", entry.node)
    object.put("detail", entry.detail)
    object.put("occurred_at", entry.occurredAt.sortableText)
    object.put("hash", entry.hash.hexadecimal)
    return object.text + "\n"
  }
}

extension JSONObjectText {
  fileprivate mutating func putText(_ name: StaticString, _ text: String?) {
    if let text { put(name, text) } else { putNull(name) }
  }
}
