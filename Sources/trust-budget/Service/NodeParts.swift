import AuditMirror
import BreakGlass
import BudgetLedger
import Foundation
import Logging
import PolicyFile
import PrometheusExposition
import ServiceLifecycle
import TrustBudgetServer

/// The parts of one node, which `serve` runs once and `dev` twice.
struct NodeParts {
  private let name: String
  private let policies: PolicyStore
  private let journalPath: String
  private let logger: Logger
  private let metrics = PrometheusRegistry(describing: MetricDescription.all)
  let ledger: BudgetLedger
  let breakGlass: BreakGlass
  let mirror: AuditMirror

  /// Nothing is opened yet.
  ///
  /// - Throws: `PostgresError` when the connection string cannot be read.
  init(
    _ settings: LedgerSettings, connectionString: String, auditFile: String,
    breakGlassJournal: String, policies: PolicyStore, logger: Logger
  ) throws {
    name = settings.node
    self.policies = policies
    journalPath = breakGlassJournal
    self.logger = logger
    ledger = try BudgetLedger(
      connectionString: connectionString, settings: settings, logger: logger, metrics: metrics)
    breakGlass = try BreakGlass(
      node: name, journal: breakGlassJournal, connectionString: connectionString,
      now: { .wallClock() }, logger: logger, metrics: metrics)
    mirror = try AuditMirror(
      connectionString: connectionString,
      settings: AuditMirrorSettings(node: name, path: auditFile, now: { .wallClock() }),
      logger: logger, metrics: metrics)
  }

  /// Opens the journal of emergencies, where it may be needed.
  func openJournal() async {
    // Also where break-glass was switched off since: what it holds must reach PostgreSQL.
    if policies.current.policy.breakGlass != nil
      || FileManager.default.fileExists(atPath: journalPath)
    {
      await breakGlass.prepare()
    }
  }

  /// What runs, but for the departure, in the order in which it starts.
  ///
  /// - Parameters:
  ///   - watchers: follow the files that others use.
  ///   - onListening: told each address once its socket is open.
  func services(
    at entrance: Entrance, authenticator: any Authenticator, watchers: [any Service] = [],
    departure: Departure, onListening: @escaping @Sendable (Entrance.Address) async -> Void
  ) -> [any Service] {
    let server = TrustBudgetServer(
      name: name, entrance: entrance, ledger: ledger, policies: policies,
      authenticator: authenticator, mirror: mirror.health, breakGlass: breakGlass,
      metrics: metrics, departure: departure, now: { .wallClock() }, logger: logger,
      onListening: onListening)
    // The mirror ends last, when nothing is charged any more.
    return [mirror, ledger] + watchers + [breakGlass, server]
  }
}
