import ArgumentParser
import TrustBudgetClient

/// One attempt to get a certificate, until it is known whether it may be signed and what pays for it.
struct SigningAttempt: Sendable {
  let request: AuthorizationRequest
  /// Whether somebody may have asked under this id before. One that was made up here is repeated by nobody
  /// else.
  let mayBeRepeated: Bool
  let client: TrustBudgetClient

  /// Asks until there is an answer, or a signal ends it: not in silence, for the charge may have been
  /// made.
  ///
  /// - Throws: `CommandFailure` when the request is refused; an `ExitCode` after a signal, 128 and the
  ///   signal's number, as shells have it.
  func grant(unlessEndedBy signals: SignalTrap) async throws -> PaidGrant {
    try await withThrowingTaskGroup(of: Outcome.self) { group in
      group.addTask { .answered(try await ask()) }
      group.addTask {
        for await arrival in signals.arrivals() { return .ended(by: arrival) }
        return .unended
      }
      defer { group.cancelAll() }
      while let outcome = try await group.next() {
        switch outcome {
        case .answered(let grant):
          group.cancelAll()
          // It came together with the answer, and is the command's then.
          if case .ended(let arrival)? = try await group.next() { signals.deliver(arrival) }
          return grant
        case .ended(let arrival):
          Console.error(
            "ended by signal \(arrival.signal) before there was an answer; whether the request was "
              + "charged is not known\n\(repetition)")
          throw ExitCode(128 + arrival.signal)
        case .unended: continue
        }
      }
      throw CancellationError()
    }
  }

  private enum Outcome {
    case answered(PaidGrant)
    case ended(by: SignalTrap.Arrival)
    /// Nobody wants to know any more.
    case unended
  }

  private func ask() async throws -> PaidGrant {
    let authorization = try await authorize()
    Console.note(SigningAttempt.receipt(of: authorization))
    return PaidGrant(authorization: authorization, payment: try await payment(for: authorization))
  }

  /// Asks the node. Whoever waits for long, or in vain, learns under which id to ask again.
  private func authorize() async throws -> Authorization {
    let note = Task {
      try await Task.sleep(for: .seconds(1))
      Console.error("no answer yet; the request's id is \(request.requestID)")
    }
    defer { note.cancel() }
    do {
      return try await client.authorize(request)
    } catch {
      let failure = CommandFailure(ofNode: error)
      guard error.isTemporary || error.isOutcomeUnknown else { throw failure }
      throw CommandFailure("\(failure.message)\n\(repetition)")
    }
  }

  private var repetition: String {
    "To repeat this attempt, and be charged once: --request-id \(request.requestID)"
  }

  private static func receipt(of authorization: Authorization) -> String {
    guard !authorization.receipts.isEmpty else {
      return "trust-budget: allowed; this rule has no budget."
    }
    return authorization.receipts.map { receipt in
      let resets = receipt.resetsAt.map { "; resets at \($0)" } ?? ""
      let replayed = authorization.isReplayed ? " (charged before, by the same request)" : ""
      return printable(
        "trust-budget: \(receipt.budgetID) paid \(receipt.cost), \(receipt.remaining) left"
          + "\(resets)\(replayed).")
    }.joined(separator: "\n")
  }

  /// - Throws: `CommandFailure` where the charge pays for nothing any more, or is somebody else's.
  private func payment(for authorization: Authorization) async throws -> PaidGrant.Payment {
    let id = authorization.requestID
    if authorization.receipts.isEmpty {
      // The node looks for no charge where the rule has no budget; it may have had one before.
      guard mayBeRepeated || authorization.followsOpenAttempt,
        let (state, owner) = await earlierCharge(id)
      else { return .none }
      guard owner == request.username else {
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
  private func earlierCharge(_ id: String) async -> (state: ChargeState, username: String)? {
    var client = client
    client.patience = .seconds(2)
    do {
      return try await client.charge(id)
    } catch let problem as Problem where problem.kind == "not-found" {
      return nil
    } catch {
      Console.error("whether \(id) was charged before is not known: \(printable("\(error)"))")
      return nil
    }
  }

  /// One charge pays for one certificate, and one that was given back for none.
  private func refuse(_ id: String, unlessOpen state: ChargeState) throws(CommandFailure) {
    let end: String
    switch state {
    case .charged: return
    case .settled: end = "a certificate was signed for \(id) before"
    case .refunded: end = "\(id) was refunded before"
    }
    throw CommandFailure(
      "\(end), so nothing is run now; another certificate needs another --request-id, or none")
  }
}
