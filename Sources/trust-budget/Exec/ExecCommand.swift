import ArgumentParser
import Foundation
import PolicyFile
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
    guard certificate != "" else { throw ValidationError("--certificate must not be empty") }
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
    let request = request
    let mayBeRepeated = requestID != nil
    let signals = SignalTrap()
    let grant = try await ExecCommand.until(signals, asking: request.requestID) {
      let authorization = try await ExecCommand.authorize(request, with: client)
      Console.note(ExecCommand.receipt(of: authorization))
      let payment = try await ExecCommand.payment(
        for: authorization, to: request.username, mayBeRepeated: mayBeRepeated, with: client)
      return Grant(authorization: authorization, payment: payment)
    }

    let allowed = AllowedCertificate(grant.authorization)
    let signing = SigningCommand(command, allowed: allowed)
    let certificates = AwaitedCertificates(certificate.map { [$0] } ?? signing.certificatePaths)
    let status: Int32
    do {
      status = try await signing.run(passing: signals)
    } catch {
      await refund(grant, with: client, reason: "the signing command could not be started")
      throw CommandFailure("\(command[0]) cannot be run: \(error.systemReason)")
    }
    let written = certificates.written
    for path in written {
      try? SSHCertificate(readingFile: path).noteExcess(over: allowed, path: path)
    }
    if status == 0 {
      await settle(grant, written, with: client)
    } else if case let signed = written.filter(SSHCertificate.mayBe(in:)),
      let certificate = signed.first
    {
      if grant.payment != .none {
        Console.error(
          "nothing is refunded, although the signing command ended with status \(status): it wrote "
            + certificate)
      }
      await settle(grant, signed, with: client)
    } else {
      await refund(grant, with: client, reason: "the signing command ended with status \(status)")
    }
    throw ExitCode(status)
  }

  /// Asks until there is an answer, or a signal ends it: not in silence, for the charge may have been
  /// made.
  private static func until(
    _ signals: SignalTrap, asking requestID: String,
    _ ask: @escaping @Sendable () async throws -> Grant
  ) async throws -> Grant {
    try await withThrowingTaskGroup(of: Asked.self) { group in
      group.addTask { .answered(try await ask()) }
      group.addTask {
        for await arrival in signals.arrivals() { return .ended(by: arrival) }
        return .unended
      }
      defer { group.cancelAll() }
      while let asked = try await group.next() {
        switch asked {
        case .answered(let grant):
          group.cancelAll()
          // It came together with the answer, and is the command's then.
          if case .ended(let arrival)? = try await group.next() { signals.deliver(arrival) }
          return grant
        case .ended(let arrival):
          Console.error(
            "ended by signal \(arrival.signal) before there was an answer; whether the request was "
              + "charged is not known\n\(repetition(of: requestID))")
          throw ExitCode(128 + arrival.signal)
        case .unended: continue
        }
      }
      throw CancellationError()
    }
  }

  /// What the command may sign, and what pays for it.
  private struct Grant {
    let authorization: Authorization
    let payment: Payment
  }

  private enum Payment {
    case none
    /// A charge that no other attempt can have signed for.
    case ownCharge
    /// A charge that an earlier attempt under the same id may have signed for.
    case sharedCharge
  }

  private enum Asked {
    case answered(Grant)
    case ended(by: SignalTrap.Arrival)
    /// Nobody wants to know any more.
    case unended
  }

  private static func repetition(of requestID: String) -> String {
    "To repeat this attempt, and be charged once: --request-id \(requestID)"
  }

  /// Asks the node. Whoever waits for long, or in vain, learns under which id to ask again.
  private static func authorize(
    _ request: AuthorizationRequest, with client: TrustBudgetClient
  ) async throws -> Authorization {
    let note = Task {
      try await Task.sleep(for: .seconds(1))
      Console.error("no answer yet; the request's id is \(request.requestID)")
    }
    defer { note.cancel() }
    do {
      return try await client.authorize(request)
    } catch {
      let failure = CommandFailure(ofNode: error)
      let isTemporary =
        (error as? Problem)?.isTemporary ?? (error as? Unreachable)?.isTemporary ?? false
      guard isTemporary || isOutcomeUnknown(error) else { throw failure }
      throw CommandFailure("\(failure.message)\n\(repetition(of: request.requestID))")
    }
  }

  /// - Parameter mayBeRepeated: whether somebody may have asked under this id before. One that was made up here is
  ///   repeated by nobody else.
  /// - Throws: `CommandFailure` where the charge pays for nothing any more, or is somebody else's.
  private static func payment(
    for authorization: Authorization, to username: String, mayBeRepeated: Bool,
    with client: TrustBudgetClient
  ) async throws -> Payment {
    let id = authorization.requestID
    if authorization.receipts.isEmpty {
      // The node looks for no charge where the rule has no budget; it may have had one before.
      guard mayBeRepeated || authorization.followsOpenAttempt,
        let (state, owner) = await earlierCharge(id, with: client)
      else { return .none }
      guard owner == username else {
        throw CommandFailure(
          "\(id) was used for another request, and \(owner) was charged; give another --request-id, or none"
        )
      }
      try refuse(id, unlessOpen: state)
      Console.note("trust-budget: \(id) was charged before, when its rule had a budget.")
    } else {
      guard mayBeRepeated, authorization.isReplayed else { return .ownCharge }
      do {
        try refuse(id, unlessOpen: try await client.state(ofCharge: id))
      } catch {
        throw error as? CommandFailure ?? CommandFailure(ofNode: error)
      }
    }
    return mayBeRepeated ? .sharedCharge : .ownCharge
  }

  /// - Returns: nil where there is no charge, or nobody can tell: what needs no budget does not wait for PostgreSQL.
  private static func earlierCharge(
    _ id: String, with client: TrustBudgetClient
  ) async -> (state: ChargeState, username: String)? {
    var client = client
    client.patience = .seconds(2)
    do {
      return try await client.charge(id)
    } catch let problem as Problem where problem.kind == "not-found" {
      return nil
    } catch {
      Console.error("whether \(id) was charged before is not known: \(error)")
      return nil
    }
  }

  /// One charge pays for one certificate, and one that was given back for none.
  private static func refuse(_ id: String, unlessOpen state: ChargeState) throws(CommandFailure) {
    let end: String
    switch state {
    case .charged: return
    case .settled: end = "a certificate was signed for \(id) before"
    case .refunded: end = "\(id) was refunded before"
    }
    throw CommandFailure(
      "\(end), so nothing is run now; another certificate needs another --request-id, or none")
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
    _ grant: Grant, _ certificates: [String], with client: TrustBudgetClient
  ) async {
    guard grant.payment != .none else { return }
    let id = grant.authorization.requestID
    guard let path = certificates.first else {
      return Console.error(
        certificate.map { "\($0) was not written by the command; \(id) is charged but not settled" }
          ?? "no certificate found to settle \(id) with; name it by --certificate")
    }
    if certificates.count > 1 {
      Console.error(
        "\(certificates.count) certificates were written, and \(id) pays for one: it is settled with "
          + path)
    }
    do {
      try await client.settle(id, certificate: try SSHCertificate(readingFile: path).signed)
    } catch {
      Console.error(ExecCommand.failed("settled", id, error))
    }
  }

  private func refund(_ grant: Grant, with client: TrustBudgetClient, reason: String) async {
    guard grant.payment != .none else { return }
    let id = grant.authorization.requestID
    guard grant.payment == .ownCharge else {
      let doubt =
        grant.authorization.followsOpenAttempt
        ? "this attempt's first answer was lost, so whether an earlier one with its id was charged, and "
          + "may have signed, is not known"
        : "an earlier attempt with its id may have signed"
      return Console.error(
        "\(id) stays charged, although \(reason): \(doubt). "
          + "If none did: POST /v1/charges/\(id)/refund")
    }
    do {
      try await client.refund(id, reason: reason)
      Console.note("trust-budget: refunded, because \(reason).")
    } catch {
      Console.error(
        "\(ExecCommand.failed("refunded", id, error))\n"
          + "To refund it later, if it is not: POST /v1/charges/\(id)/refund")
    }
  }

  /// What is to be said of a charge whose end the node was told in vain.
  private static func failed(_ end: String, _ id: String, _ error: any Error) -> String {
    isOutcomeUnknown(error)
      ? "\(id) is charged, and whether it is \(end) is not known: \(error)"
      : "\(id) is charged but not \(end): \(error)"
  }

  private static func isOutcomeUnknown(_ error: any Error) -> Bool {
    (error as? Problem)?.isOutcomeUnknown ?? (error as? Unreachable)?.isOutcomeUnknown ?? false
  }
}
