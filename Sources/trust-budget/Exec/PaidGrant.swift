import TrustBudgetClient

/// What the command may sign, and what pays for it: a charge is settled or refunded once the command has
/// ended.
struct PaidGrant: Sendable {
  enum Payment {
    case none
    /// A charge that no other attempt can have signed for.
    case ownCharge
    /// A charge that an earlier attempt under the same id may have signed for.
    case sharedCharge
  }

  let authorization: Authorization
  let payment: Payment

  private var id: String { authorization.requestID }

  /// The certificate exists by now, so a settlement that fails must not make the command fail: the
  /// charge stays charged, and `unsettled_charges` lists it.
  ///
  /// - Parameters:
  ///   - certificates: those that the command wrote, the one that was asked for first.
  ///   - named: what `--certificate` says.
  func settle(with certificates: [String], named: String?, at client: TrustBudgetClient) async {
    guard payment != .none else { return }
    guard let path = certificates.first else {
      return Console.error(
        named.map { "\($0) was not written by the command; \(id) is charged but not settled" }
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
      Console.error(failed("settled", error))
    }
  }

  func refund(because reason: String, at client: TrustBudgetClient) async {
    guard payment != .none else { return }
    guard payment == .ownCharge else {
      let doubt =
        authorization.followsOpenAttempt
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
        "\(failed("refunded", error))\n"
          + "To refund it later, if it is not: POST /v1/charges/\(id)/refund")
    }
  }

  /// What is to be said of a charge whose end the node was told in vain.
  private func failed(_ end: String, _ error: any Error) -> String {
    let words = printable("\(error)")
    return error.isOutcomeUnknown
      ? "\(id) is charged, and whether it is \(end) is not known: \(words)"
      : "\(id) is charged but not \(end): \(words)"
  }
}
