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
      has the open transaction that the mirror waits for. A PostgreSQL that cannot be asked, holds
      another ledger, or has not the newest of what is in the file is a failure. Of entries that the
      file lacks, a million are counted; where there are more, the JSON says
      "entries_to_come_is_minimum": true.
      """)

  @OptionGroup var auditFile: AuditFileOptions

  @OptionGroup var database: DatabaseOptions

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard !auditFile.path.isEmpty else {
      throw ValidationError("the name of a file must not be empty")
    }
  }

  func run() async throws {
    let (file, summary) = try await opened()
    defer { file.close() }
    if json { try await showJSON(file, summary) } else { try await showText(file, summary) }
  }

  private func opened() async throws -> (ReadableFile, FileSummary) {
    do {
      return try await translatingAuditErrors {
        let file = try await ReadableFile(path: auditFile.path)
        return (file, try await file.summary)
      }
    } catch let failure as CommandFailure where json {
      var object = JSONObjectText()
      object.put("file", auditFile.path)
      object.put("problem", failure.message)
      print(object.text)
      throw failure
    }
  }

  /// What the file lacks; nil where nobody says of which PostgreSQL, or a restricted export lacks it by
  /// intention.
  private func behind(_ file: ReadableFile, _ summary: FileSummary) async throws -> Behind? {
    guard let database = try database.named, summary.filter == nil else { return nil }
    return try await translatingAuditErrors {
      try await Behind.read(file, connectionString: database)
    }
  }

  /// What stands in the file first: it can be shown whatever PostgreSQL says.
  private func showText(_ file: ReadableFile, _ summary: FileSummary) async throws {
    print(
      """
      file            \(auditFile.path)
      ledger          \(summary.ledger.id), epoch \(summary.ledger.epoch)
      entries         \(summary.entries.rows)
      break-glass     \(counted(summary.events.rows, "event"))
      position        \(summary.entries.position)
      complete as of  \(summary.completeAsOf.map { "\($0)" } ?? "unknown")
      """)
    if let filter = summary.filter {
      print("restricted to   \(printable(filter))")
      if try database.named != nil {
        print("to come         unknown: a restricted export cannot be compared")
      }
    }
    guard let behind = try await behind(file, summary) else { return }
    let entries = counted(behind.entries, "entry", "entries")
    print("to come         \(behind.isMoreThanCounted ? "more than " : "")\(entries)")
    if behind.events > 0 { print("                \(counted(behind.events, "break-glass event"))") }
    print("lag             \(JSONObjectText.seconds(behind.lag)) s")
    if let holder = behind.holder { print(printable("held back by    \(holder)")) }
  }

  private func showJSON(_ file: ReadableFile, _ summary: FileSummary) async throws {
    var object = JSONObjectText()
    object.put("file", auditFile.path)
    object.put("ledger", summary.ledger.id)
    object.put("epoch", summary.ledger.epoch)
    object.put("entries", summary.entries.rows)
    object.put("break_glass_events", summary.events.rows)
    object.put("position", JSONObjectText(summary.entries.position))
    if let moment = summary.completeAsOf { object.put("complete_as_of", moment) }
    if let filter = summary.filter { object.put("filter", filter) }
    do {
      if let behind = try await behind(file, summary) {
        object.put(toCome: behind)
        object.put("lag_seconds", json: JSONObjectText.seconds(behind.lag))
        if let holder = behind.holder { object.put("held_back_by", JSONObjectText(holder)) }
      }
      print(object.text)
    } catch let failure as CommandFailure {
      object.put("problem", failure.message)
      print(object.text)
      throw failure
    }
  }
}
