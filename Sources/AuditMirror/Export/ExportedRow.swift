import TrustBudget

/// A row that an export chooses, and writes as text.
protocol ExportedRow: TrailRow {
  func isWanted(by filter: ExportFilter) -> Bool
  static var csvColumns: [String] { get }
  /// What is in the columns. NULL is nothing at all, an empty text is `""`.
  var csvValues: [String?] { get }
  /// Texts that the hash covers are texts, to the letter.
  var json: JSONObjectText { get }
}

extension ExportedRow {
  static var csvHeader: String { csvColumns.joined(separator: ",") + "\r\n" }
  var csvLine: String { csvValues.map { $0 ?? "" }.joined(separator: ",") + "\r\n" }
  var jsonLine: String { json.text + "\n" }
}

extension MirroredEntry: ExportedRow {
  func isWanted(by filter: ExportFilter) -> Bool { filter.includes(entry) }

  static let csvColumns = [
    "entry_id", "epoch", "transaction_id", "budget_id", "budget_seq", "kind", "username", "cost",
    "balance_before", "balance_after", "request_id", "part", "rule", "policy_digest", "actor",
    "node", "detail", "occurred_at", "hash",
  ]

  var csvValues: [String?] {
    [
      "\(entryID)", "\(entry.epoch)", "\(transactionID)", quoted(entry.budgetID.value),
      "\(entry.sequence)", entry.kind.rawValue, quoted(entry.username), "\(entry.cost)",
      "\(entry.balanceBefore)", "\(entry.balanceAfter)", quoted(entry.requestID), "\(entry.part)",
      quoted(entry.rule), entry.policyDigest?.hexadecimal, quoted(entry.actor), quoted(entry.node),
      quoted(entry.detail), entry.occurredAt.sortableText, entry.hash.hexadecimal,
    ]
  }

  var json: JSONObjectText {
    var object = JSONObjectText()
    object.put("entry_id", entryID)
    object.put("epoch", entry.epoch)
    object.put("transaction_id", transactionID)
    object.put("budget_id", entry.budgetID.value)
    object.put("budget_seq", entry.sequence)
    object.put("kind", entry.kind.rawValue)
    object.put("username", entry.username)
    object.put("cost", entry.cost)
    object.put("balance_before", entry.balanceBefore)
    object.put("balance_after", entry.balanceAfter)
    object.put("request_id", entry.requestID)
    object.put("part", Int64(entry.part))
    object.put("rule", entry.rule)
    object.put("policy_digest", entry.policyDigest?.hexadecimal)
    object.put("actor", entry.actor)
    object.put("node", entry.node)
    object.put("detail", entry.detail)
    object.put("occurred_at", entry.occurredAt.sortableText)
    object.put("hash", entry.hash.hexadecimal)
    return object
  }
}

extension MirroredEvent: ExportedRow {
  func isWanted(by filter: ExportFilter) -> Bool { filter.includes(event) }

  static let csvColumns = [
    "event_id", "epoch", "transaction_id", "journal_id", "node_seq", "node", "username", "reason",
    "ticket", "approvers", "principals", "max_duration", "max_duration_seconds",
    "requested_duration_seconds", "request_id", "request", "policy_digest", "actor", "occurred_at",
    "recorded_at", "hash",
  ]

  /// Lists are JSON.
  var csvValues: [String?] {
    [
      "\(eventID)", "\(epoch)", "\(transactionID)", event.journalID, "\(event.sequence)",
      quoted(event.node), quoted(event.username), quoted(event.reason), quoted(event.ticket),
      quoted(JSONObjectText.list(event.approvers)), quoted(JSONObjectText.list(event.principals)),
      quoted(event.maxDuration), "\(event.maxDurationSeconds)",
      event.requestedDurationSeconds.map { "\($0)" }, quoted(event.requestID),
      quoted(event.request), event.policyDigest.hexadecimal, quoted(event.actor),
      event.occurredAt.sortableText, recordedAt.sortableText, event.hash.hexadecimal,
    ]
  }

  var json: JSONObjectText {
    var object = JSONObjectText()
    object.put("event_id", eventID)
    object.put("epoch", epoch)
    object.put("transaction_id", transactionID)
    object.put("journal_id", event.journalID)
    object.put("node_seq", event.sequence)
    object.put("node", event.node)
    object.put("username", event.username)
    object.put("reason", event.reason)
    object.put("ticket", event.ticket)
    object.put("approvers", event.approvers)
    object.put("principals", event.principals)
    object.put("max_duration", event.maxDuration)
    object.put("max_duration_seconds", event.maxDurationSeconds)
    object.put("requested_duration_seconds", event.requestedDurationSeconds)
    object.put("request_id", event.requestID)
    object.put("request", event.request)
    object.put("policy_digest", event.policyDigest.hexadecimal)
    object.put("actor", event.actor)
    object.put("occurred_at", event.occurredAt.sortableText)
    object.put("recorded_at", recordedAt.sortableText)
    object.put("hash", event.hash.hexadecimal)
    return object
  }
}

/// A text as CSV has it.
private func quoted(_ text: String?) -> String? {
  guard let text else { return nil }
  let quote = UInt8(ascii: "\"")
  let needsQuotes =
    text.isEmpty
    || text.utf8.contains { $0 == UInt8(ascii: ",") || $0 == quote || $0 == 10 || $0 == 13 }
  guard needsQuotes else { return text }
  // Byte by byte: a quote and an accent that follows it are one character, but not to whoever reads this.
  var bytes = [quote]
  for byte in text.utf8 {
    if byte == quote { bytes.append(quote) }
    bytes.append(byte)
  }
  bytes.append(quote)
  return String(decoding: bytes, as: UTF8.self)
}
