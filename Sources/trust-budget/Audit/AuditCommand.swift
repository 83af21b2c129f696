import ArgumentParser
import AuditMirror
import Foundation
import TrustBudget

struct AuditCommand: CommandGroup {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Verify the audit trail, export it, look at a node's file.",
    discussion: "Example: trust-budget audit verify --file server/data/trust_budget.db",
    subcommands: [AuditVerifyCommand.self, AuditExportCommand.self, AuditStatusCommand.self])
}

/// Errors of files and trails as command failures.
func translatingAuditErrors<R>(_ body: () async throws -> R) async throws -> R {
  do {
    return try await translatingErrors(body)
  } catch let error as AuditFileError {
    throw CommandFailure("\(error)")
  } catch let refusal as MirrorRefusal {
    throw CommandFailure("\(refusal)")
  }
}

/// How far long work is, on a terminal; nothing elsewhere.
struct ProgressLine: Sendable {
  private let isShown = isatty(2) == 1

  func show(_ done: Int64, of total: Int64) {
    guard isShown else { return }
    let share = total > 0 ? " (\(min(100, done * 100 / total)) %)" : ""
    Console.write("\r\(done) entries\(share) …")
  }

  /// Takes the line away.
  func end() {
    guard isShown else { return }
    Console.write("\r\u{1B}[K")
  }
}

extension JSONObjectText {
  init(_ fault: FileFault) {
    self.init()
    if let budgetID = fault.budgetID { put("budget_id", budgetID) }
    if let sequence = fault.sequence { put("budget_seq", sequence) }
    if let entryID = fault.entryID { put("entry_id", entryID) }
    put("problem", fault.problem)
  }
}
