import ArgumentParser
import Foundation
import TrustBudget

/// The token of whoever calls a node: never an argument, which all of the machine can read.
struct CredentialOptions: ParsableArguments {
  @Option(
    name: .customLong("token-file"),
    help: ArgumentHelp(
      "A file that holds the token. Default: $TRUST_BUDGET_TOKEN_FILE, else $TRUST_BUDGET_TOKEN.",
      valueName: "path"))
  var tokenFile: String?

  /// - Returns: nil where there is none: for nodes that ask for none.
  /// - Throws: `CommandFailure` when there is something else than a token.
  func token() throws -> String? {
    let environment = ProcessInfo.processInfo.environment
    let text: String
    let source: String
    if let path = tokenFile ?? environment["TRUST_BUDGET_TOKEN_FILE"] {
      source = path
      do {
        text = try String(contentsOfFile: path, encoding: .utf8)
      } catch {
        throw CommandFailure("the token file \(path) cannot be read: \(error.localizedDescription)")
      }
    } else if let value = environment["TRUST_BUDGET_TOKEN"] {
      source = "TRUST_BUDGET_TOKEN"
      text = value
    } else {
      return nil
    }
    guard let secret = TokenSecret(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
      throw CommandFailure("\(source) holds no token; one looks like tb_ and 43 more letters")
    }
    return secret.text
  }
}
