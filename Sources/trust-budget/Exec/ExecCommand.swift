import ArgumentParser
import Foundation
import PolicyFile
import TrustBudget
import TrustBudgetClient

struct ExecCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exec",
    abstract: "Authorize, then run a signing command; settle or refund by its exit status.",
    discussion: """
      Example: trust-budget exec --server http://127.0.0.1:8470 --username alice -- \\
                 ssh-keygen -s ca -I alice -n {principals} -V +{max_duration} id.pub

      {principals}, {max_duration} and {request_id} are replaced in the command's arguments. Its
      environment has TRUST_BUDGET_PRINCIPALS, TRUST_BUDGET_MAX_DURATION, TRUST_BUDGET_REQUEST_ID
      and, where a rule matched, TRUST_BUDGET_RULE. The receipt goes to standard error, and the
      command's exit status is this program's. When the request is refused, nothing is run, and the
      exit status is 1. Where TRACEPARENT is set, its trace (W3C Trace Context) goes with the requests.
      """)

  @OptionGroup(title: "The node") var node: NodeOptions
  @OptionGroup var requester: RequesterOptions

  @Option(
    name: .customLong("request-id"),
    help: "Makes a repeated attempt the same attempt. Default: a new one.")
  var requestID: String?

  @Option(
    help: """
      The certificate that the command writes. Default: beside the public key that it is given, \
      id-cert.pub for id.pub.
      """)
  var certificate: String?

  @Argument(parsing: .postTerminator, help: "The signing command, after --.")
  var command: [String] = []

  func validate() throws {
    guard !command.isEmpty else { throw ValidationError("give the signing command after --") }
    if let requestID {
      do {
        _ = try RequestID(requestID)
      } catch {
        throw ValidationError("--request-id \(error.requirement)")
      }
    }
    _ = try requester.issuanceRequest()
  }

  func run() async throws {
    try await node.withClient { try await run(with: $0) }
  }

  private func run(with client: TrustBudgetClient) async throws {
    let authorization: Authorization
    do {
      authorization = try await client.authorize(request)
    } catch {
      throw CommandFailure("\(error)")
    }
    Console.note(ExecCommand.receipt(of: authorization))

    let signing = SigningCommand(command, authorization: authorization)
    let started = Date()
    let status: Int32
    do {
      status = try await signing.run()
    } catch {
      await refund(authorization, with: client, reason: "the signing command could not be started")
      throw CommandFailure("\(command[0]) cannot be run: \(error.localizedDescription)")
    }
    if status == 0 {
      await settle(authorization, signing, since: started, with: client)
    } else {
      await refund(
        authorization, with: client, reason: "the signing command ended with status \(status)")
    }
    throw ExitCode(status)
  }

  private var request: AuthorizationRequest {
    var request = AuthorizationRequest(username: requester.username)
    if let requestID { request.requestID = requestID }
    request.email = requester.email
    request.oidcGroups = requester.groups.isEmpty ? nil : requester.groups
    request.sourceIP = requester.sourceIP
    request.webauthnID = requester.webauthnID
    request.requestedDuration = requester.duration
    request.requestedPrincipals = requester.principals.isEmpty ? nil : requester.principals
    return request
  }

  private static func receipt(of authorization: Authorization) -> String {
    guard !authorization.receipts.isEmpty else {
      return "trust-budget: allowed; this rule has no budget."
    }
    return authorization.receipts.map { receipt in
      let resets = receipt.resetsAt.map { "; resets at \($0)" } ?? ""
      let replayed = authorization.isReplayed ? " (charged before, by the same request)" : ""
      return "trust-budget: \(receipt.budgetID) paid \(receipt.cost), \(receipt.remaining) left"
        + "\(resets)\(replayed)."
    }.joined(separator: "\n")
  }

  /// The certificate exists by now, so a settlement that fails must not make the command fail: the
  /// charge stays charged, and `unsettled_charges` lists it.
  private func settle(
    _ authorization: Authorization, _ signing: SigningCommand, since started: Date,
    with client: TrustBudgetClient
  ) async {
    guard !authorization.receipts.isEmpty else { return }
    do {
      guard let path = certificate ?? signing.certificatePath(writtenSince: started) else {
        Console.error(
          "no certificate found to settle \(authorization.requestID) with; name it by --certificate"
        )
        return
      }
      try await client.settle(
        authorization.requestID, certificate: try SSHCertificate(readingFile: path).signed)
    } catch {
      Console.error("\(authorization.requestID) is charged but not settled: \(error)")
    }
  }

  private func refund(
    _ authorization: Authorization, with client: TrustBudgetClient, reason: String
  ) async {
    guard !authorization.receipts.isEmpty else { return }
    do {
      try await client.refund(authorization.requestID, reason: reason)
      Console.note("trust-budget: refunded, because \(reason).")
    } catch {
      Console.error("\(authorization.requestID) is charged and not refunded: \(error)")
    }
  }
}
