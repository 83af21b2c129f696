import ArgumentParser
import Foundation
import TrustBudgetClient

/// The address of a node.
struct ServerOptions: ParsableArguments {
  @Option(help: "A node's address. Default: $TRUST_BUDGET_SERVER, else http://127.0.0.1:8470.")
  var server: String?

  var client: TrustBudgetClient {
    TrustBudgetClient(
      server: server ?? ProcessInfo.processInfo.environment["TRUST_BUDGET_SERVER"]
        ?? "http://127.0.0.1:8470",
      traceparent: ProcessInfo.processInfo.environment["TRACEPARENT"])
  }
}
