import ArgumentParser
import ClaimedFile
import Foundation
import TrustBudget
import TrustBudgetClient

/// The token of whoever calls a node: never an argument, which all of the machine can read.
struct CredentialOptions: ParsableArguments {
  @Option(
    name: .customLong("token-file"),
    help: ArgumentHelp(
      "A file or a pipe that holds the token. The token itself may be in $TRUST_BUDGET_TOKEN.",
      valueName: "path"))
  var tokenFile: String?

  static let variable = "TRUST_BUDGET_TOKEN"

  private static var inEnvironment: String? {
    ProcessInfo.processInfo.environment[variable]
  }

  /// The file; nil where the environment has the token itself, which comes before the configuration.
  private var path: String? {
    if let tokenFile { return tokenFile }
    if case .file? = Configuration.current.given(Settings.tokenFile.key)?.source,
      CredentialOptions.inEnvironment != nil
    {
      return nil
    }
    return Settings.tokenFile.value
  }

  func validate() throws {
    guard tokenFile != "" else { throw ValidationError("--token-file must not be empty") }
  }

  /// - Returns: nil where there is none: for nodes that ask for none.
  /// - Throws: `CommandFailure` when there is something else than a token.
  func token() throws -> String? {
    let text: String
    let source: String
    if let path {
      source = path
      do {
        text = String(decoding: try ClientFile.contents(of: path), as: UTF8.self)
      } catch {
        throw CommandFailure("the token file \(path) cannot be read: \(error.systemReason)")
      }
    } else if let value = CredentialOptions.inEnvironment {
      source = CredentialOptions.variable
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
