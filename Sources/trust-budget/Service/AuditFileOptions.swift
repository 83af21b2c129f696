import ArgumentParser
import AuditMirror
import Foundation
import Logging
import TrustBudget

/// Where a node's copy of the audit trail is.
struct AuditFileOptions: ParsableArguments {
  static let defaultPath = "server/data/trust_budget.db"

  @Option(
    name: .customLong("audit-file"),
    help: ArgumentHelp(
      "The SQLite file that holds the whole audit trail; one for each node.",
      discussion: "Default: $TRUST_BUDGET_AUDIT_FILE, else \(defaultPath). Its directory is made.",
      valueName: "path"))
  var file: String?

  /// The flag, then the environment, then the default.
  var path: String {
    file ?? ProcessInfo.processInfo.environment["TRUST_BUDGET_AUDIT_FILE"]
      ?? AuditFileOptions.defaultPath
  }
}

extension AuditMirror {
  /// A node's mirror, on the wall clock of this machine.
  init(connectionString: String, node: String, path: String, logger: Logger) throws {
    try self.init(
      connectionString: connectionString,
      settings: AuditMirrorSettings(node: node, path: path, now: { .wallClock() }), logger: logger)
  }
}
