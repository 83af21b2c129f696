import ArgumentParser
import BudgetLedger
import Foundation
import Logging
import PrivatePostgres
import ServiceLifecycle
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
    let home = DevDirectory(directory)
    try home.make()
    let data = home.postgres.path(percentEncoded: false)
    guard !ephemeral || !FileManager.default.fileExists(atPath: data) else {
      throw CommandFailure(
        "\(data) holds an earlier run's data, which --ephemeral would remove; "
          + "choose another --directory")
    }
    // Those of a run that was killed: their ledger is gone.
    if ephemeral { home.removeFiles() }
    let wroteSample = policy == nil ? try home.writePolicy() : false
    defer {
      if ephemeral {
        home.removeFiles()
        if wroteSample { unlink(home.policy) }
        home.remove()
      }
    }
    let policies = try await openPolicy(policy ?? home.policy, logger: logger)

    let postgres: PrivatePostgres
    do {
      postgres = try await PrivatePostgres.start(directory: home.postgres, ephemeral: ephemeral)
    } catch {
      throw CommandFailure("\(error)")
    }
    do {
      try await serve(
        on: postgres.connectionString, policies: policies, home: home, logger: logger)
      await postgres.stop()
    } catch {
      await postgres.stop()
      throw error
    }
  }

  private func serve(
    on connectionString: String, policies: PolicyStore, home: DevDirectory, logger: Logger
  ) async throws {
    _ = try await translatingErrors {
      try await MigrationRunner(connectionString: connectionString).up()
    }
    let welcome = DevWelcome(connectionString: connectionString, directory: home)
    var services: [any Service] = [policies]
    for (index, name) in DevDirectory.nodes.enumerated() {
      var settings = LedgerSettings(node: name)
      settings.lanes = 2
      let node = try NodeParts(
        settings, connectionString: connectionString, auditFile: home.auditFile(of: name),
        breakGlassJournal: home.journal(of: name), policies: policies, logger: logger)
      await node.openJournal()
      services += node.services(
        at: Entrance(addresses: [.tcp(host: "127.0.0.1", port: port == 0 ? 0 : port + index)]),
        authenticator: NoAuthentication(), departure: Departure(delay: .zero),
        onListening: { address in
          guard case .tcp(_, let port) = address else { return }
          welcome.listening(node: name, port: port)
        })
    }
    try await runServices(services, logger: logger)
  }
}
