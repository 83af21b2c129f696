import ArgumentParser
import Foundation
import TrustBudget
import TrustBudgetClient

struct BreakGlassRunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Record an emergency, then run a signing command. The default.",
    discussion: """
      Example: trust-budget break-glass --username alice --reason "db-1 is down" \\
                 --approver bob --ticket INC-7 -- \\
                 ssh-keygen -s ca -I alice -n {principals} -V +{max_duration} id.pub

      The policy's break_glass section says who may, with whose approval, for which principals and
      how long; no budget is asked. The event is on a disk before the command runs, and everybody
      hears of it. The command gets placeholders and environment as with trust-budget exec, and its
      exit status is this program's. When the request is refused, nothing is run, and the exit
      status is 1. What it signed is said on standard error, by serial number, key id and
      fingerprint, and where that goes beyond what was allowed, in what.
      """)

  @OptionGroup(title: "The node") var node: NodeOptions

  @Option(help: "Who asks for the certificate.")
  var username: String

  @Option(help: "Why: what those who look at the trail will read.")
  var reason: String

  @Option(
    name: [.customLong("approver")],
    help: ArgumentHelp("Who approved; may be given several times.", valueName: "name"))
  var approvers: [String] = []

  @Option(help: "The incident's number elsewhere.")
  var ticket: String?

  @Option(
    name: [.customLong("principal")],
    help: ArgumentHelp(
      "A principal of the certificate; may be given several times. Default: the policy's.",
      valueName: "name"))
  var principals: [String] = []

  @Option(help: "How long the certificate shall be valid: 60s. Default: the policy's.")
  var duration: String?

  @Option(
    name: .customLong("request-id"),
    help: "The request's id; one that was used before gets a new one. Default: a new one.")
  var requestID: String?

  @OptionGroup var signing: SigningOptions

  func validate() throws {
    guard !reason.isEmpty else { throw ValidationError("--reason must not be empty") }
    if let requestID {
      _ = try checked("--request-id") { () throws(InvalidValue) in try RequestID(requestID) }
    }
  }

  func run() async throws {
    let grant: BreakGlassGrant
    do {
      grant = try await node.withClient { try await recordedGrant(by: $0) }
    } catch let failure as CommandFailure {
      throw failure
    } catch {
      throw CommandFailure(ofNode: error)
    }
    Console.note(
      printable(
        "trust-budget: BREAK-GLASS: \(grant.principals.joined(separator: ",")) for "
          + "\(grant.maxDuration); recorded in \(grant.recorded) as event \(grant.event.sequence) of "
          + "journal \(grant.event.journalID)."))
    let allowed = AllowedCertificate(grant)
    let (status, written) = try await signing.sign(allowed, passing: SignalTrap())
    for path in written { note(path, allowed) }
    if status == 0, written.isEmpty {
      Console.error(
        signing.certificate.map { "\($0) was not written by the command" }
          ?? "no certificate found, so what was signed is not looked at; name it by --certificate")
    }
    throw ExitCode(status)
  }

  /// No charge is settled with it, so it is told here, for whoever compares it with the event later.
  private func note(_ path: String, _ allowed: AllowedCertificate) {
    do {
      let certificate = try SSHCertificate(readingFile: path)
      Console.error(
        "\(path) has serial \(certificate.serial), key id \"\(certificate.keyID)\", key "
          + certificate.fingerprint)
      certificate.noteExcess(over: allowed, path: path)
    } catch {
      Console.error("what was signed is not known: \(error)")
    }
  }

  /// Each certificate has an event of its own. Where an earlier run recorded one under the same id, it
  /// may have signed, so this one is recorded once more; for it is never blocked.
  private func recordedGrant(by client: TrustBudgetClient) async throws -> BreakGlassGrant {
    var request = request
    let grant = try await client.breakGlass(request)
    guard requestID != nil, grant.isReplayed else { return grant }
    request.requestID = UUID().uuidString.lowercased()
    Console.error(
      "\(grant.requestID) was recorded before, as event \(grant.event.sequence), and may have been "
        + "used; this is recorded as \(request.requestID)")
    return try await client.breakGlass(request)
  }

  private var request: BreakGlassRequest {
    var request = BreakGlassRequest(username: username, reason: reason)
    if let requestID { request.requestID = requestID }
    request.ticket = ticket
    request.approvers = approvers.isEmpty ? nil : approvers
    request.principals = principals.isEmpty ? nil : principals
    request.requestedDuration = duration
    return request
  }
}
