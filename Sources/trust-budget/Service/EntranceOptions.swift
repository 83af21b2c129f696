import ArgumentParser
import Foundation
import Logging
import PolicyFile
import TrustBudget
import TrustBudgetServer

/// Where a node is to be reached, besides `--listen`, and on what terms.
struct EntranceOptions: ParsableArguments {
  @Option(
    name: .customLong("unix-socket"),
    help: ArgumentHelp(
      "Listen at a Unix socket as well; without --listen, nowhere else.", valueName: "path"))
  var unixSocketPath: String?

  @Option(
    name: .customLong("unix-socket-mode"),
    help: ArgumentHelp("The socket's permissions, in octal.", valueName: "mode"))
  var unixSocketMode = Settings.unixSocketMode.value

  @Option(
    name: .customLong("tls-cert"),
    help: ArgumentHelp(
      "The certificate chain for TLS, PEM. It and the other TLS files are read again when they change.",
      valueName: "file"))
  var certificateFile: String?

  @Option(
    name: .customLong("tls-key"),
    help: ArgumentHelp("The certificate's private key, PEM, without passphrase.", valueName: "file")
  )
  var keyFile: String?

  @Option(
    name: .customLong("tls-client-ca"),
    help: ArgumentHelp(
      "Callers must have a client certificate that one of these CAs signed, PEM.",
      valueName: "file"))
  var clientAuthorityFile: String?

  @Option(
    name: .customLong("tls-roles"),
    help: ArgumentHelp(
      "The roles of client certificates, by their names; for --auth mtls.", valueName: "file"))
  var clientRolesFile: String?

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
    try Settings.unixSocket.validate(unixSocketPath)
    try Settings.certificate.validate(certificateFile)
    try Settings.certificateKey.validate(keyFile)
    try Settings.clientAuthority.validate(clientAuthorityFile)
    try Settings.clientRoles.validate(clientRolesFile)
    guard (certificate == nil) == (key == nil) else {
      throw ValidationError("--tls-cert and --tls-key go together")
    }
    guard clientAuthority == nil || certificate != nil else {
      throw ValidationError("--tls-client-ca needs --tls-cert and --tls-key")
    }
    try Settings.maxConnections.validate(maxConnections)
    try Settings.idleTimeout.validate(idleTimeout)
    try Settings.requestTimeout.validate(requestTimeout)
  }

  var unixSocket: String? { unixSocketPath ?? Settings.unixSocket.value }
  var certificate: String? { certificateFile ?? Settings.certificate.value }
  var key: String? { keyFile ?? Settings.certificateKey.value }
  var clientAuthority: String? { clientAuthorityFile ?? Settings.clientAuthority.value }
  var rolesFile: String? { clientRolesFile ?? Settings.clientRoles.value }

  /// All of them, by their options.
  var files: [(option: String, path: String?)] {
    [
      ("--unix-socket", unixSocket), ("--tls-cert", certificate), ("--tls-key", key),
      ("--tls-client-ca", clientAuthority), ("--tls-roles", rolesFile),
    ]
  }

  /// The addresses of `--listen`, or its default where there is no Unix socket.
  func tcpAddresses(_ listen: [ListenAddress]) -> [ListenAddress] {
    EntranceOptions.tcpAddresses(listen, unixSocket: unixSocket)
  }

  static func tcpAddresses(_ listen: [ListenAddress], unixSocket: String?) -> [ListenAddress] {
    let addresses = listen.isEmpty ? Settings.listen.value : listen
    guard addresses.isEmpty else { return addresses }
    return unixSocket == nil ? [ListenAddress(host: "127.0.0.1", port: 8470)] : []
  }

  /// - Throws: `CommandFailure` for TLS files that won't do.
  func entrance(_ listen: [ListenAddress], logger: Logger) throws -> Entrance {
    var limits = ConnectionLimits()
    limits.connections = maxConnections
    limits.idleTimeout = .seconds(idleTimeout)
    limits.requestTimeout = .seconds(requestTimeout)
    limits.answerTimeout = .seconds(requestTimeout)
    let files = FileLimit.raise()
    if files < maxConnections + FileLimit.reserve {
      logger.warning(
        "too few open files allowed for --max-connections",
        metadata: ["allowed": "\(files)", "needed": "\(maxConnections + FileLimit.reserve)"])
    }
    var addresses = tcpAddresses(listen).map { Entrance.Address.tcp(host: $0.host, port: $0.port) }
    if let unixSocket { addresses.append(.unix(path: unixSocket, mode: unixSocketMode.bits)) }
    return Entrance(addresses: addresses, tls: try tlsFiles(logger), limits: limits)
  }

  private func tlsFiles(_ logger: Logger) throws -> TLSFiles? {
    guard let certificate, let key else { return nil }
    do {
      return try TLSFiles.open(
        certificate: certificate, key: key, clientAuthority: clientAuthority,
        now: { .wallClock() }, logger: logger)
    } catch {
      throw CommandFailure("--tls-cert \(certificate), --tls-key \(key): \(error)")
    }
  }

  /// The file of `--tls-roles`, or everything that is wrong with it.
  func clientRoles(logger: Logger) throws -> ClientRolesFile {
    guard let rolesFile else { throw CommandFailure("--auth mtls needs --tls-roles") }
    do {
      return try ClientRolesFile("client roles", [rolesFile], logger: logger) { files in
        try ClientRoles(yaml: files[0], fileName: rolesFile)
      }
    } catch let diagnostics as FileDiagnostics {
      Console.note("\(diagnostics)")
      throw ExitCode.failure
    } catch {
      throw CommandFailure("--tls-roles \(error)")
    }
  }
}

/// A file's permissions, in octal: `0660`.
struct FileMode: ExpressibleByArgument, CustomStringConvertible {
  let bits: UInt32

  init(bits: UInt32) {
    self.bits = bits
  }

  init?(argument: String) {
    guard (3...4).contains(argument.count), let bits = UInt32(argument, radix: 8), bits <= 0o777
    else { return nil }
    self.bits = bits
  }

  var description: String { "0" + String(bits, radix: 8) }
}
