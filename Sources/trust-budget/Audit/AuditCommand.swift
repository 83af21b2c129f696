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
    throw CommandFailure(printable("\(error)"))
  } catch let refusal as MirrorRefusal {
    throw CommandFailure(printable("\(refusal)"))
  } catch let fault as TrailFault {
    throw CommandFailure(printable("PostgreSQL's trail cannot be read: \(fault)"))
  }
}

extension JSONObjectText {
  init(_ position: TrailPosition) {
    self.init()
    put("epoch", position.epoch)
    put("transaction_id", position.transactionID)
    put("entry_id", position.number)
  }

  /// How many rows a file lacks. Entries are counted up to a limit, and a number alone would hide that.
  mutating func put(toCome behind: Behind) {
    put("entries_to_come", behind.entries)
    put("entries_to_come_is_minimum", behind.isMoreThanCounted)
    put("break_glass_events_to_come", behind.events)
    if let oldest = behind.oldest { put("oldest_to_come", oldest) }
  }

  init(_ fault: TrailFault) {
    self.init()
    switch fault.chain {
    case .budget(let id):
      put("budget_id", id)
      if let sequence = fault.sequence { put("budget_seq", sequence) }
      if let number = fault.number { put("entry_id", number) }
    case .journal(let id):
      put("journal_id", id)
      if let sequence = fault.sequence { put("node_seq", sequence) }
      if let number = fault.number { put("event_id", number) }
    case nil: break
    }
    put("problem", fault.problem)
  }
}
