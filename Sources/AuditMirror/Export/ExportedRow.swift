import TrustBudget

/// A row that an export chooses, and writes as text.
protocol ExportedRow: TrailRow {
  func isWanted(by filter: ExportFilter) -> Bool
  static var exportedColumns: [StaticString] { get }
  var exportedValues: [ExportedValue] { get }
}

/// What is in a column of an exported row.
enum ExportedValue {
  case number(Int64?)
  case text(String?)
  case list([String])

  static func moment(_ moment: Timestamp) -> ExportedValue { .text(moment.sortableText) }
  static func digest(_ digest: Digest?) -> ExportedValue { .text(digest?.hexadecimal) }
}

extension ExportedRow {
  static var csvHeader: String {
    exportedColumns.map { "\($0)" }.joined(separator: ",") + "\r\n"
  }

  /// NULL is nothing at all, an empty text is `""`, a list is JSON.
  var csvLine: String {
    let values = exportedValues.map { value in
      switch value {
      case .number(let number): number.map { String($0) } ?? ""
      case .text(let text): text.map(quoted) ?? ""
      case .list(let texts): quoted(JSONObjectText.list(texts))
      }
    }
    return values.joined(separator: ",") + "\r\n"
  }

  /// Texts that the hash covers are texts, to the letter.
  var jsonLine: String {
    var object = JSONObjectText()
    for (column, value) in zip(Self.exportedColumns, exportedValues) {
      switch value {
      case .number(let number): object.put(column, number)
      case .text(let text): object.put(column, text)
      case .list(let texts): object.put(column, texts)
      }
    }
    return object.text + "\n"
  }
}

extension MirroredEntry: ExportedRow {
  func isWanted(by filter: ExportFilter) -> Bool { filter.includes(entry) }

  static let exportedColumns: [StaticString] = [
    "entry_id", "epoch", "transaction_id", "budget_id", "budget_seq", "kind", "username", "cost",
    "balance_before", "balance_after", "request_id", "part", "rule", "policy_digest", "actor",
    "node", "detail", "occurred_at", "hash",
  ]

  var exportedValues: [ExportedValue] {
    [
      .number(entryID), .number(entry.epoch), .number(transactionID), .text(entry.budgetID.value),
      .number(entry.sequence), .text(entry.kind.rawValue), .text(entry.username),
      .number(entry.cost), .number(entry.balanceBefore), .number(entry.balanceAfter),
      .text(entry.requestID), .number(Int64(entry.part)), .text(entry.rule),
      .digest(entry.policyDigest), .text(entry.actor), .text(entry.node), .text(entry.detail),
      .moment(entry.occurredAt), .digest(entry.hash),
    ]
  }
}

extension MirroredEvent: ExportedRow {
  func isWanted(by filter: ExportFilter) -> Bool { filter.includes(event) }

  static let exportedColumns: [StaticString] = [
    "event_id", "epoch", "transaction_id", "journal_id", "node_seq", "node", "username", "reason",
    "ticket", "approvers", "principals", "max_duration", "max_duration_seconds",
    "requested_duration_seconds", "request_id", "request", "policy_digest", "actor", "occurred_at",
    "recorded_at", "hash",
  ]

  var exportedValues: [ExportedValue] {
    [
      .number(eventID), .number(epoch), .number(transactionID), .text(event.journalID),
      .number(event.sequence), .text(event.node), .text(event.username), .text(event.reason),
      .text(event.ticket), .list(event.approvers), .list(event.principals),
      .text(event.maxDuration), .number(event.maxDurationSeconds),
      .number(event.requestedDurationSeconds), .text(event.requestID), .text(event.request),
      .digest(event.policyDigest), .text(event.actor), .moment(event.occurredAt),
      .moment(recordedAt), .digest(event.hash),
    ]
  }
}

/// A text as CSV has it.
private func quoted(_ text: String) -> String {
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
