import ArgumentParser
import AuditMirror
import BreakGlass
import BudgetLedger
import Foundation
import LibPQ
import Logging
import PolicyFile
import ServiceLifecycle
import Synchronization
import TrustBudget
import TrustBudgetServer

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Run one node.",
    discussion: """
      Example: trust-budget serve --database-url postgresql:///ledger --policy policy.yaml \\
                 --listen 127.0.0.1:8470 --node-name ca-1

      Callers have tokens of trust-budget token create. With --auth none, whoever reaches the address
      may do everything but give back what is settled. Each option may also stand in the environment
      (TRUST_BUDGET_NODE_NAME for --node-name) or in a file (node_name: ca-1): see trust-budget config
      --help.
      """)

  @OptionGroup var database: DatabaseOptions

  @Option(help: ArgumentHelp("The policy file.", valueName: "file"))
  var policy: String?

  @OptionGroup(title: "Connections") var entrance: EntranceOptions

  @Option(
    name: .customLong("node-name"),
    help: "This node's name in the audit trail. Default: the host's.")
  var nodeName: String?

  @OptionGroup var authentication: AuthenticationOptions

  @Option(
    name: .customLong("auth-grace"),
    help: ArgumentHelp(
      "How long tokens are good while PostgreSQL is away: 90s, 15m, 1h30m.",
      valueName: "duration"))
  var authGrace = Settings.authGrace.value

  @Flag(
    inversion: .prefixedNo,
    help: "Apply pending migrations first. Without it, serve verifies and never migrates.")
  var migrate = Settings.migrate.value

  @Option(help: "Connections that decide batches, from 1 to 64.")
  var lanes = Settings.lanes.value

  @Option(
    name: .customLong("drain-delay"),
    help: ArgumentHelp(
      "After SIGTERM, for how long to go on answering while /healthz says no; seconds, up to 600.",
      discussion: "Longer than a load balancer needs to notice.",
      valueName: "seconds"))
  var drainDelay = Settings.drainDelay.value

  @Option(
    name: .customLong("drain-timeout"),
    help: ArgumentHelp(
      "How long the rest may take, once the door is closed, before what is left is given up.",
      valueName: "seconds"))
  var drainTimeout = Settings.drainTimeout.value

  @Option(
    name: .customLong("break-glass-journal"),
    help: ArgumentHelp(
      "Where this node records emergencies before it answers: a file on a disk of its own.",
      discussion: "It is made, with its directory, when the policy has a break_glass section.",
      valueName: "path"))
  var breakGlassJournal = Settings.breakGlassJournal.value

  @OptionGroup var auditFile: AuditFileOptions

  @OptionGroup var logging: LoggingOptions

  func validate() throws {
    try database.validateSettings()
    try Settings.nodeName.validate(nodeName)
    try Settings.lanes.validate(lanes)
    try Settings.drainDelay.validate(drainDelay)
    try Settings.drainTimeout.validate(drainTimeout)
    try Settings.policy.validate(policy)
    try Settings.breakGlassJournal.validate(breakGlassJournal)
    try Settings.auditFile.validate(auditFile.path)
    let files = NodeFiles(
      auditFile: auditFile.path, breakGlassJournal: breakGlassJournal,
      others: [("--policy", policyPath), ("--unix-socket", entrance.address.unixSocket)]
        + entrance.tls.files)
    if let problem = files.problem { throw ValidationError(problem) }
    try Settings.authGrace.validate(authGrace)
    if let problem = authentication.problem(at: entrance.address, with: entrance.tls) {
      throw ValidationError(problem)
    }
  }

  private var policyPath: String? { policy ?? Settings.policy.value }

  func run() async throws {
    Allocator.keepLittle()
    // It means the policy, and must end nobody who has not come to read it yet.
    signal(SIGHUP, SIG_IGN)
    let logger = logging.logger()
    // Not in validate(), which would speak before an option that is misspelt is named.
    guard let policyPath else {
      Console.error(
        "say which policy: --policy, or policy in the configuration\nSee 'trust-budget serve --help'"
      )
      throw ExitCode(2)
    }
    for misspelt in Configuration.current.misspelt { logger.warning("\(misspelt)") }
    let policies = try await openPolicy(policyPath, logger: logger)
    let entrance = try self.entrance.entrance(logger: logger)
    let roles =
      authentication.method == .mtls ? try self.entrance.clientRoles(logger: logger) : nil
    if migrate { try await applyMigrations(logger: logger) }
    let name = nodeName ?? Settings.nodeName.value ?? ProcessInfo.processInfo.hostName
    var settings = LedgerSettings(node: name)
    settings.lanes = lanes
    let node = try await translatingErrors {
      try NodeParts(
        settings, connectionString: database.connectionString, auditFile: auditFile.path,
        breakGlassJournal: breakGlassJournal, policies: policies, logger: logger)
    }
    try await verifySchema(of: node.ledger, logger: logger)
    await node.openJournal()
    let tokens =
      authentication.method == .token
      ? try await tokenAuthenticator(settings, policies, of: node, logger: logger) : nil
    let departure = Departure(delay: .seconds(drainDelay)) {
      logger.notice("leaving", metadata: ["node": "\(name)"])
      ServiceNotification.stopping.send()
    }
    let watchers: [(any Service)?] = [policies, entrance.tls, roles, tokens]
    let awaited = Mutex(entrance.addresses.count)
    let services = node.services(
      at: entrance,
      authenticator: tokens ?? roles.map(CertificateAuthentication.init) ?? NoAuthentication(),
      watchers: watchers.compactMap(\.self), departure: departure,
      onListening: { address in
        logger.notice(
          "listening", metadata: ["address": "\(address.text)", "node": "\(name)"])
        let isComplete = awaited.withLock { awaited in
          awaited -= 1
          return awaited == 0
        }
        if isComplete { ServiceNotification.ready.send() }
      })
    try await runServices(
      services + [departure], drainTimeout: .seconds(drainDelay + drainTimeout), logger: logger)
  }

  private func applyMigrations(logger: Logger) async throws {
    let runner = MigrationRunner(connectionString: try database.connectionString)
    for migration in try await translatingErrors({ try await runner.up() }) {
      logger.notice("migration applied", metadata: ["migration": "\(migration.label)"])
    }
  }

  /// What knows the callers' tokens.
  private func tokenAuthenticator(
    _ settings: LedgerSettings, _ policies: PolicyStore, of node: NodeParts, logger: Logger
  ) async throws -> TokenAuthenticator {
    let health = node.mirror.health
    let tokens = TokenAuthenticator(
      reader: try TokenReader(
        connectionString: database.connectionString, settings: settings),
      grace: .seconds(try CertificateDuration(authGrace).seconds),
      emergency: EmergencyTokens(
        path: "\(breakGlassJournal).tokens", on: node.breakGlass.disk,
        database: try PostgresConfiguration(database.connectionString).target,
        knownLedger: { health.current.ledger },
        isWanted: { policies.current.policy.breakGlass != nil }),
      now: { .wallClock() }, logger: logger)
    if entrance.tls.certificate == nil,
      let address = entrance.address.tcp.first(where: { !$0.isLoopback })
    {
      logger.warning(
        "tokens travel as they are here; use --tls-cert, or put TLS in front",
        metadata: ["address": "\(address)"])
    }
    // The first caller finds them known.
    await tokens.refresh()
    return tokens
  }

  /// A wrong schema ends the program here, where somebody looks. A database that is away does not, nor one
  /// of which nobody can tell yet whether entries were lost: the service starts, refuses what costs points,
  /// and is there for emergencies, and when the database is.
  private func verifySchema(of ledger: BudgetLedger, logger: Logger) async throws {
    do {
      _ = try await ledger.reader.check()
    } catch let problem as SchemaProblem where !problem.isOfHistory {
      throw CommandFailure("\(problem)")
    } catch {
      logger.warning(
        "starting without the ledger", metadata: ["reason": "\(error.ledgerReason)"])
    }
  }
}
