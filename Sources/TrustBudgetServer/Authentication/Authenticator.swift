import Hummingbird

/// Finds out who calls.
package protocol Authenticator: Sendable {
  /// - Throws: `Problem`: `unauthenticated` for who does not prove it, `ledger-unavailable` when that
  ///   cannot be found out.
  func caller(of request: Request, _ context: NodeContext) async throws -> Caller
}
