import ArgumentParser
import AsyncHTTPClient
import Foundation
import TrustBudgetClient

/// Which node to ask, and how to reach it.
struct NodeOptions: ParsableArguments {
  @Option(help: "A node's address, or unix:PATH. Default: http://127.0.0.1:8470.")
  var server: String?

  @Option(
    name: .customLong("unix-socket"),
    help: ArgumentHelp("The Unix socket of a node on this machine.", valueName: "path"))
  var unixSocket: String?

  @Option(
    name: .customLong("ca-file"),
    help: ArgumentHelp(
      "The CA of the node's certificate, PEM. Default: those that the system trusts.",
      valueName: "file"))
  var authorityFile: String?

  @Option(
    name: .customLong("client-cert"),
    help: ArgumentHelp("This client's own certificate, PEM.", valueName: "file"))
  var certificateFile: String?

  @Option(
    name: .customLong("client-key"),
    help: ArgumentHelp("The private key of --client-cert, PEM.", valueName: "file"))
  var keyFile: String?

  @OptionGroup var credential: CredentialOptions

  @OptionGroup var configuration: ConfigurationOptions

  func validate() throws {
    guard server == nil || unixSocket == nil else {
      throw ValidationError("--server and --unix-socket name two nodes; give one")
    }
    try server.map(Settings.server.validate)
    guard security.keyFile == nil || security.certificateFile != nil else {
      throw ValidationError("--client-key needs --client-cert")
    }
    _ = address
    try Configuration.validate()
  }

  private var security: TransportSecurity {
    TransportSecurity(
      authorityFile: authorityFile ?? Settings.authorityFile.value,
      certificateFile: certificateFile ?? Settings.clientCertificate.value,
      keyFile: keyFile ?? Settings.clientKey.value)
  }

  /// The node's address as ``TrustBudgetClient`` takes it.
  var address: String {
    let server = unixSocket.map { "unix:\($0)" } ?? server ?? Settings.server.value
    guard server.hasPrefix("unix:") else { return server }
    var path = String(server.dropFirst("unix:".count))
    if !path.hasPrefix("/") { path = "\(FileManager.default.currentDirectoryPath)/\(path)" }
    let name = path.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? path
    return "http+unix://\(name)"
  }

  /// Lends a client of the node.
  ///
  /// - Throws: `CommandFailure` for files that won't do, and what `body` throws.
  func withClient<Result>(
    _ body: (TrustBudgetClient) async throws -> Result
  ) async throws -> Result {
    let token = try credential.token()
    let http: HTTPClient
    do {
      http = try security.httpClient()
    } catch {
      throw CommandFailure("\(error)")
    }
    let client = TrustBudgetClient(
      server: address, token: token, http: http,
      traceparent: ProcessInfo.processInfo.environment["TRACEPARENT"])
    do {
      let result = try await body(client)
      try? await http.shutdown()
      return result
    } catch {
      try? await http.shutdown()
      throw error
    }
  }
}
