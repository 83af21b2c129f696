/// What an export is written as.
package enum ExportFormat: String, Sendable, CaseIterable {
  /// A file like the live one.
  case sqlite
  /// RFC 4180, with a header.
  case csv
  /// A JSON object a line, as `examples/verify_chain.py` reads them.
  case jsonl
}
