import ArgumentParser
import Foundation
import TrustBudgetClient

/// The address of a node, and what the caller proves with who it is.
struct ServerOptions: ParsableArguments {
  @Option(help: "A node's address. Default: $TRUST_BUDGET_SERVER, else http://127.0.0.1:8470.")
  var server: String?

  @OptionGroup var credential: CredentialOptions

  /// - Throws: `CommandFailure` where the token cannot be read.
  func client() throws -> TrustBudgetClient {
    TrustBudgetClient(
      server: server ?? ProcessInfo.processInfo.environment["TRUST_BUDGET_SERVER"]
        ?? "http://127.0.0.1:8470",
      token: try credential.token(),
      traceparent: ProcessInfo.processInfo.environment["TRACEPARENT"])
  }
}
