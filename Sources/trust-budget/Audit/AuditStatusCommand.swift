import ArgumentParser
import AuditMirror
import Foundation
import TrustBudget
import TrustBudgetServer

struct AuditStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show what a node's file holds, and how far behind it is.",
    discussion: """
      Example: trust-budget audit status --audit-file server/data/trust_budget.db

      With a PostgreSQL (--database-url, or $DATABASE_URL) it also shows what the file lacks, and who
      has the open transaction that the mirror waits for.
      """)

  @OptionGroup var auditFile: AuditFileOptions

  @OptionGroup var database: DatabaseOptions

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    try await translatingAuditErrors {
      let file = try await ReadableFile(path: auditFile.path)
      let summary = try await file.summary
      file.close()
      var behind: Behind?
      if database.isNamed {
        behind = try await Behind.read(summary, connectionString: database.connectionString)
      }
      json ? printJSON(summary, behind) : printText(summary, behind)
    }
  }

  private func printText(_ summary: FileSummary, _ behind: Behind?) {
    print(
      """
      file            \(auditFile.path)
      ledger          \(summary.ledger.id), epoch \(summary.ledger.epoch)
      entries         \(summary.entries.rows)
      break-glass     \(summary.events.map { counted($0.rows, "event") } ?? "none: a file of the first format")
      position        \(summary.entries.position)
      complete as of  \(summary.completeAsOf.map { "\($0)" } ?? "unknown")
      """)
    if let filter = summary.filter { print("restricted to   \(printable(filter))") }
    guard let behind else { return }
    let entries = counted(behind.entries, "entry", "entries")
    print("to come         \(behind.isMoreThanCounted ? "more than " : "")\(entries)")
    if behind.events > 0 { print("                \(counted(behind.events, "break-glass event"))") }
    print("lag             \(JSONObjectText.seconds(behind.lag)) s")
    if let holder = behind.holder { print("held back by    \(holder)") }
  }

  private func printJSON(_ summary: FileSummary, _ behind: Behind?) {
    var object = JSONObjectText()
    object.put("file", auditFile.path)
    object.put("ledger", summary.ledger.id)
    object.put("epoch", summary.ledger.epoch)
    object.put("entries", summary.entries.rows)
    if let events = summary.events { object.put("break_glass_events", events.rows) }
    object.put("position", JSONObjectText(summary.entries.position))
    if let moment = summary.completeAsOf { object.put("complete_as_of", moment) }
    if let filter = summary.filter { object.put("filter", filter) }
    if let behind {
      object.put("entries_to_come", behind.entries)
      object.put("break_glass_events_to_come", behind.events)
      object.put("lag_seconds", json: JSONObjectText.seconds(behind.lag))
      if let holder = behind.holder { object.put("held_back_by", JSONObjectText(holder)) }
    }
    print(object.text)
  }
}
