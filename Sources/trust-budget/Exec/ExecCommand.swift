import ArgumentParser
import TrustBudget
import TrustBudgetClient

struct ExecCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exec",
    abstract: "Authorize, then run a signing command; settle the charge, or refund it.",
    discussion: """
      Example: trust-budget exec --server http://127.0.0.1:8470 --username alice -- \\
                 ssh-keygen -s ca -I alice -n {principals} -V +{max_duration} id.pub

      {principals}, {max_duration} and {request_id} are replaced in the command's arguments. Its
      environment has TRUST_BUDGET_PRINCIPALS, TRUST_BUDGET_MAX_DURATION, TRUST_BUDGET_REQUEST_ID
      and, where a rule matched, TRUST_BUDGET_RULE, but no DATABASE_URL, PGPASSWORD or
      TRUST_BUDGET_TOKEN. The receipt goes to standard error, and the command's exit status is this
      program's. When the request is refused, nothing is run, and the exit status is 1. When the
      command fails, the points come back, unless it has written a certificate all the same. Where
      a certificate goes beyond what was allowed, that is said on standard error. An attempt
      that is repeated with its --request-id is charged once; it runs nothing when it was settled
      before, and refunds nothing, since the attempt before may have signed. Where TRACEPARENT is
      set, its trace (W3C Trace Context) goes with the requests.
      """)

  @OptionGroup(title: "The node") var node: NodeOptions
  @OptionGroup var requester: RequesterOptions

  @Option(
    name: .customLong("request-id"),
    help: "Makes a repeated attempt the same attempt. Default: a new one.")
  var requestID: String?

  @OptionGroup var signing: SigningOptions

  func validate() throws {
    if let requestID {
      _ = try checked("--request-id") { () throws(InvalidValue) in try RequestID(requestID) }
    }
    _ = try requester.issuanceRequest()
  }

  func run() async throws {
    try await node.withClient { try await run(with: $0) }
  }

  private func run(with client: TrustBudgetClient) async throws {
    let signals = SignalTrap()
    let attempt = SigningAttempt(
      request: request, mayBeRepeated: requestID != nil, client: client)
    let grant = try await attempt.grant(unlessEndedBy: signals)
    let allowed = AllowedCertificate(grant.authorization)
    let status: Int32
    let written: [String]
    do {
      (status, written) = try await signing.sign(allowed, passing: signals)
    } catch {
      await grant.refund(because: "the signing command could not be started", at: client)
      throw error
    }
    for path in written {
      try? SSHCertificate(readingFile: path).noteExcess(over: allowed, path: path)
    }
    let signed = status == 0 ? written : written.filter(SSHCertificate.mayBe(in:))
    if status != 0, let certificate = signed.first, grant.payment != .none {
      Console.error(
        "nothing is refunded, although the signing command ended with status \(status): it wrote "
          + certificate)
    }
    if status == 0 || !signed.isEmpty {
      await grant.settle(with: signed, named: signing.certificate, at: client)
    } else {
      await grant.refund(because: "the signing command ended with status \(status)", at: client)
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
}
