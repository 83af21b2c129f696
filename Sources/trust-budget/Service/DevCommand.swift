import ArgumentParser
import AuditMirror
import BreakGlass
import BudgetLedger
import Foundation
import Logging
import PrivatePostgres
import PrometheusExposition
import ServiceLifecycle
import Synchronization
import TrustBudget
import TrustBudgetServer

struct DevCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dev",
    abstract: "Everything in one, to try it: a private PostgreSQL and two nodes that share it.",
    discussion: """
      Example: trust-budget dev

      Its PostgreSQL lives below .trust-budget/ and listens on a Unix socket only.
      It is stopped with this program, and its data is there again the next time.
      """)

  @Option(help: "The policy file. Default: .trust-budget/policy.yaml, written if there is none.")
  var policy: String?

  @Option(help: "The first node's port on 127.0.0.1; the second takes the next one. 0: free ones.")
  var port = 8470

  @Option(help: "Where the private PostgreSQL and the sample policy live.")
  var directory = ".trust-budget"

  @Flag(help: "Remove everything at the end.")
  var ephemeral = false

  @OptionGroup var logging: LoggingOptions

  func validate() throws {
    guard (0...65_534).contains(port) else {
      throw ValidationError("--port must be from 0 to 65534")
    }
  }

  func run() async throws {
    var logger = logging.logger()
    if logging.logLevel == .info { logger.logLevel = .warning }
    let home = URL(filePath: directory, directoryHint: .isDirectory)
    do {
      try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
    } catch {
      throw CommandFailure(
        "\(directory) cannot be made: \(error.systemReason); choose another --directory")
    }
    let data = home.appending(path: "postgres")
    guard !ephemeral || !FileManager.default.fileExists(atPath: data.path(percentEncoded: false))
    else {
      throw CommandFailure(
        "\(data.path(percentEncoded: false)) holds an earlier run's data, which --ephemeral would remove; "
          + "choose another --directory")
    }
    // Those of a run that was killed: their ledger is gone.
    let files = home.appending(path: "data").path(percentEncoded: false)
    if ephemeral { removeFiles(in: files) }
    let sample = home.appending(path: "policy.yaml")
    let writesSample =
      policy == nil && !FileManager.default.fileExists(atPath: sample.path(percentEncoded: false))
    if writesSample {
      do {
        try Data(DevCommand.samplePolicy.utf8).write(to: sample)
      } catch {
        throw CommandFailure(
          "\(sample.path(percentEncoded: false)) cannot be written: \(error.systemReason)")
      }
    }
    defer {
      if ephemeral {
        removeFiles(in: files)
        if writesSample { try? FileManager.default.removeItem(at: sample) }
        // Not if anything else is in there.
        rmdir(home.path(percentEncoded: false))
      }
    }
    let policies = try await openPolicy(
      policy ?? sample.path(percentEncoded: false), logger: logger)

    let postgres: PrivatePostgres
    do {
      postgres = try await PrivatePostgres.start(directory: data, ephemeral: ephemeral)
    } catch {
      throw CommandFailure("\(error)")
    }
    do {
      try await serve(
        on: postgres.connectionString, policies: policies, files: files, logger: logger)
      await postgres.stop()
    } catch {
      await postgres.stop()
      throw error
    }
  }

  private func serve(
    on connectionString: String, policies: PolicyStore, files: String, logger: Logger
  ) async throws {
    _ = try await translatingErrors {
      try await MigrationRunner(connectionString: connectionString).up()
    }
    let welcome = Welcome(connectionString: connectionString, files: files)
    var services: [any Service] = [policies]
    for number in 1...2 {
      let name = DevCommand.nodes[number - 1]
      var settings = LedgerSettings(node: name)
      settings.lanes = 2
      let metrics = PrometheusRegistry(describing: MetricDescription.all)
      let ledger = try BudgetLedger(
        connectionString: connectionString, settings: settings, logger: logger, metrics: metrics)
      let breakGlass = try await openBreakGlass(
        node: name, journal: DevCommand.journal(of: name, in: files),
        connectionString: connectionString, policies: policies, logger: logger, metrics: metrics)
      let mirror = try AuditMirror(
        connectionString: connectionString, node: name,
        path: DevCommand.auditFile(of: name, in: files), logger: logger, metrics: metrics)
      let server = TrustBudgetServer(
        name: name,
        entrance: Entrance(addresses: [
          .tcp(host: "127.0.0.1", port: port == 0 ? 0 : port + number - 1)
        ]), ledger: ledger,
        policies: policies, authenticator: NoAuthentication(), mirror: mirror.health,
        breakGlass: breakGlass, metrics: metrics, departure: Departure(delay: .zero),
        now: { .wallClock() }, logger: logger,
        onListening: { address in
          guard case .tcp(_, let port) = address else { return }
          welcome.listening(node: name, port: port)
        })
      services += [mirror, ledger, breakGlass, server]
    }
    try await runServices(services, logger: logger)
  }

  private static let nodes = ["dev-1", "dev-2"]

  private static func auditFile(of node: String, in directory: String) -> String {
    "\(directory)/\(node).db"
  }

  private static func journal(of node: String, in directory: String) -> String {
    "\(directory)/\(node)-break-glass.db"
  }

  /// What the nodes kept: each file, with what SQLite puts beside it.
  private func removeFiles(in directory: String) {
    for node in DevCommand.nodes {
      for file in [DevCommand.auditFile, DevCommand.journal] {
        for ending in ["", "-wal", "-shm", ".lock"] { unlink(file(node, directory) + ending) }
      }
    }
    // Not if anything else is in there.
    rmdir(directory)
  }

  static let samplePolicy = """
    # A sample policy: change it while trust-budget runs, and it is read again.
    policies:
      - name: Developer
        match:
          local_usernames: ["*"]
        principals: ["user"]
        max_duration: "15m"
        trust_budget:
          budget_id: "user:${username}"
          cost: 1
          initial_balance: 10
          reset_interval_hours: 24
    break_glass:
      principals: ["root"]
      max_duration: "60s"
      min_approvers: 1

    """
}

/// What `dev` says once both nodes listen.
private final class Welcome: Sendable {
  private let connectionString: String
  private let files: String
  private let ports = Mutex<[String: Int]>([:])

  init(connectionString: String, files: String) {
    self.connectionString = connectionString
    self.files = files
  }

  func listening(node: String, port: Int) {
    let all = ports.withLock { ports in
      ports[node] = port
      return ports
    }
    guard all.count == 2 else { return }
    let urls = all.sorted { $0.key < $1.key }.map { "http://127.0.0.1:\($0.value)" }
    let text = """
      Two nodes share one PostgreSQL:
        dev-1  \(urls[0])
        dev-2  \(urls[1])

      Charge a certificate to alice's budget, on either node:
        curl -s \(urls[0])/v1/authorizations -d '{"username":"alice"}'
        curl -s \(urls[1])/v1/authorizations -d '{"username":"alice"}'

      Or run a signing command under the budget:
        trust-budget exec --server \(urls[0]) --username alice -- \\
          ssh-keygen -s ca -I alice -n {principals} -V +{max_duration} id.pub

      Look at balances and at the trail:
        export DATABASE_URL="\(connectionString)"
        trust-budget budget list
        trust-budget budget history user:alice
        psql "$DATABASE_URL" -c 'SELECT * FROM trust_budget.audit_trail'
        sqlite3 -box \(files)/dev-1.db 'SELECT * FROM budgets'

      Ctrl-C ends everything.

      """
    // Not print: it would keep the text back while the output is a pipe.
    Console.write(text, to: .standardOutput)
  }
}
