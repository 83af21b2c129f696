/// What an export is written as.
package enum ExportFormat: String, Sendable, CaseIterable {
  /// A file like the live one.
  case sqlite
  /// RFC 4180, with a header.
  case csv
  /// A JSON object a line, without the ledger's id: as CSV, it cannot be verified by itself.
  case jsonl
}
