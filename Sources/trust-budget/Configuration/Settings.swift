import BudgetLedger
import Foundation
import LibPQ
import Logging
import PolicyFile
import TrustBudget
import TrustBudgetClient
import TrustBudgetServer

/// Everything that a host may say once.
enum Settings {
  // MARK: The ledger

  static let database = Setting<String?>(
    "database-url", .text, nil, unset: "libpq's own",
    isSecret: { (try? PostgresConfiguration($0))?.holdsPassword ?? true }
  ) { text throws(InvalidValue) in
    do throws(PostgresError) {
      _ = try PostgresConfiguration(text)
      return text
    } catch {
      throw InvalidValue("must be what libpq takes: \(error.message)")
    }
  }

  // MARK: A node

  static let policy = Setting<String?>("policy")
  static let nodeName = Setting<String?>(
    "node-name", unset: "the host's name",
    // It stands in the trail for ever.
    check: { name throws(InvalidValue) in _ = try IdentityText.validate(name) })
  /// Several have commas between them.
  static let listen = Setting<[ListenAddress]>(
    "listen", .text, [], unset: "127.0.0.1:8470, or nowhere with unix-socket"
  ) { text throws(InvalidValue) in
    let addresses = text.split(separator: ",", omittingEmptySubsequences: false).map {
      ListenAddress(argument: $0.trimmingCharacters(in: .whitespaces))
    }
    let read = addresses.compactMap(\.self)
    guard read.count == addresses.count else {
      throw InvalidValue("must be HOST:PORT, or several with commas between them")
    }
    return read
  }
  static let unixSocket = Setting<String?>("unix-socket")
  static let unixSocketMode = Setting(
    "unix-socket-mode", FileMode(bits: 0o660), requirement: "must be octal, such as \"0660\"")
  static let certificate = Setting<String?>("tls-cert")
  static let certificateKey = Setting<String?>("tls-key")
  static let clientAuthority = Setting<String?>("tls-client-ca")
  static let clientRoles = Setting<String?>("tls-roles")
  static let maxConnections = Setting(
    "max-connections", ConnectionLimits().connections, in: 1...1_000_000)
  static let idleTimeout = Setting(
    "idle-timeout", seconds: ConnectionLimits().idleTimeout / .seconds(1), in: 1...3_600)
  static let requestTimeout = Setting(
    "request-timeout", seconds: ConnectionLimits().requestTimeout / .seconds(1), in: 1...600)
  static let authentication = Setting(
    "auth", AuthenticationOptions.Method.token, requirement: "must be token, mtls or none")
  static let authGrace = Setting("auth-grace", "1h") { text throws(InvalidValue) in
    _ = try CertificateDuration(text)
  }
  static let insecure = Setting<Bool>("insecure")
  static let migrate = Setting<Bool>("migrate")
  static let lanes = Setting("lanes", LedgerSettings(node: "").lanes, in: 1...64)
  static let drainDelay = Setting("drain-delay", seconds: 0, in: 0...600)
  static let drainTimeout = Setting("drain-timeout", seconds: 10, in: 0.001...600)
  static let breakGlassJournal = Setting(
    "break-glass-journal", "server/data/break_glass_journal.db")
  static let auditFile = Setting("audit-file", "server/data/trust_budget.db")
  static let logLevel = Setting(
    "log-level", Logger.Level.info,
    requirement: "must be trace, debug, info, notice, warning, error or critical")
  static let logFormat = Setting(
    "log-format", LoggingOptions.Format.text, requirement: "must be text or json")

  // MARK: Who calls a node

  static let server = Setting(
    "server", "http://127.0.0.1:8470",
    check: { address throws(InvalidValue) in
      guard !address.hasPrefix("unix:") else { return }
      guard !TrustBudgetClient.holdsCredentials(address) else {
        throw InvalidValue(
          "must have no user name and no password in it: a node asks for a token, see --token-file")
      }
      guard TrustBudgetClient.isAddress(address) else {
        throw InvalidValue("must be an address such as http://127.0.0.1:8470, or unix:PATH")
      }
    })
  static let tokenFile = Setting<String?>("token-file")
  static let authorityFile = Setting<String?>("ca-file", unset: "those that the system trusts")
  static let clientCertificate = Setting<String?>("client-cert")
  static let clientKey = Setting<String?>("client-key")

  static let all: [SettingKey] = [
    database.key, policy.key, nodeName.key, listen.key, unixSocket.key, unixSocketMode.key,
    certificate.key, certificateKey.key, clientAuthority.key, clientRoles.key, maxConnections.key,
    idleTimeout.key, requestTimeout.key, authentication.key, authGrace.key, insecure.key,
    migrate.key, lanes.key, drainDelay.key, drainTimeout.key, breakGlassJournal.key, auditFile.key,
    logLevel.key, logFormat.key, server.key, tokenFile.key, authorityFile.key,
    clientCertificate.key, clientKey.key,
  ]
}
