import ArgumentParser
import AuditMirror
import CoreMetrics
import Logging
import TrustBudget

/// Where a node's copy of the audit trail is.
struct AuditFileOptions: ParsableArguments {
  @Option(
    name: .customLong("audit-file"),
    help: ArgumentHelp(
      "The SQLite file that holds the whole audit trail; one for each node. Its directory is made.",
      valueName: "path"))
  var path = Settings.auditFile.value
}

extension AuditMirror {
  /// A node's mirror, on the wall clock of this machine.
  init(
    connectionString: String, node: String, path: String, logger: Logger,
    metrics: any MetricsFactory
  ) throws {
    try self.init(
      connectionString: connectionString,
      settings: AuditMirrorSettings(node: node, path: path, now: { .wallClock() }), logger: logger,
      metrics: metrics)
  }
}
