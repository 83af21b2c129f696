import ArgumentParser
import Foundation
import Logging
import PolicyFile
import TrustBudget
import TrustBudgetServer

/// Where a node is to be reached, and on what terms.
struct EntranceOptions: ParsableArguments {
  @OptionGroup var address: AddressOptions

  @Option(
    name: .customLong("unix-socket-mode"),
    help: ArgumentHelp("The socket's permissions, in octal.", valueName: "mode"))
  var unixSocketMode = Settings.unixSocketMode.value

  @OptionGroup var tls: TLSOptions

  @Option(
    name: .customLong("max-connections"),
    help: "Connections open at once; whoever comes when there are as many is hung up on.")
  var maxConnections = Settings.maxConnections.value

  @Option(
    name: .customLong("idle-timeout"),
    help: ArgumentHelp(
      "About how long a connection may stay open without a request, from 1 to 3600.",
      valueName: "seconds"))
  var idleTimeout = Settings.idleTimeout.value

  @Option(
    name: .customLong("request-timeout"),
    help: ArgumentHelp(
      "About how long a request may take to arrive, and its answer to be read, from 1 to 600.",
      valueName: "seconds"))
  var requestTimeout = Settings.requestTimeout.value

  func validate() throws {
    if let problem = tls.problem { throw ValidationError(problem) }
    try Settings.maxConnections.validate(maxConnections)
    try Settings.idleTimeout.validate(idleTimeout)
    try Settings.requestTimeout.validate(requestTimeout)
    let fixed = address.tcp.filter { $0.port != 0 }.map(\.description)
    guard Set(fixed).count == fixed.count else {
      throw ValidationError("--listen must not be given twice with one address")
    }
  }

  /// - Throws: `CommandFailure` for TLS files that won't do.
  func entrance(logger: Logger) throws -> Entrance {
    var limits = ConnectionLimits()
    limits.connections = maxConnections
    limits.idleTimeout = .seconds(idleTimeout)
    limits.requestTimeout = .seconds(requestTimeout)
    let files = FileLimit.raise()
    if files < maxConnections + FileLimit.reserve {
      logger.warning(
        "too few open files allowed for --max-connections",
        metadata: ["allowed": "\(files)", "needed": "\(maxConnections + FileLimit.reserve)"])
    }
    var addresses = address.tcp.map { Entrance.Address.tcp(host: $0.host, port: $0.port) }
    if let path = address.unixSocket {
      addresses.append(.unix(path: path, mode: unixSocketMode.bits))
    }
    return Entrance(addresses: addresses, tls: try tlsFiles(logger), limits: limits)
  }

  private func tlsFiles(_ logger: Logger) throws -> TLSFiles? {
    guard let certificate = tls.certificate, let key = tls.key else { return nil }
    do {
      return try TLSFiles.open(
        certificate: certificate, key: key, clientAuthority: tls.clientAuthority,
        now: { .wallClock() }, logger: logger)
    } catch {
      throw CommandFailure("--tls-cert \(certificate), --tls-key \(key): \(error)")
    }
  }

  /// The file of `--tls-roles`, or everything that is wrong with it.
  func clientRoles(logger: Logger) throws -> ClientRolesFile {
    guard let path = tls.clientRoles else { throw CommandFailure("--auth mtls needs --tls-roles") }
    do {
      return try ClientRolesFile("client roles", [path], logger: logger) { files in
        try ClientRoles(yaml: files[0], fileName: path)
      }
    } catch let diagnostics as FileDiagnostics {
      Console.note("\(diagnostics)")
      throw ExitCode.failure
    } catch {
      throw CommandFailure("--tls-roles \(error)")
    }
  }
}
