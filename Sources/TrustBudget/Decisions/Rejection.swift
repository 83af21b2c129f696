/// Why an operation makes no sense as the ledger stands.
package enum Rejection: Error, Hashable, Sendable {
  /// The request id was used for something else before.
  case requestMismatch(RequestID)
  case noSuchCharge(RequestID)
  case noSuchBudget(BudgetID)
  /// The charge was settled before, with this certificate: it can be settled with no other (`not`: with
  /// which it was to be), and its caller cannot have it refunded.
  case alreadySettled(RequestID, with: Certificate?, not: Certificate? = nil)
  /// The charge was given back: it pays for nothing any more.
  case alreadyRefunded(RequestID)
  /// The budget's figures would leave the range that is kept exactly.
  case outOfRange(BudgetID)
}

extension Rejection: CustomStringConvertible {
  package var description: String {
    switch self {
    case .requestMismatch(let id):
      "The request id \(id) was used for another request. Send a new id with a new request."
    case .noSuchCharge(let id):
      "There is no charge with the request id \(id), so there is nothing to settle or to refund. Check the id; a "
        + "request that was denied, or that no budget pays for, has no charge."
    case .noSuchBudget(let id):
      "There is no budget \(id). A budget is made by its first charge."
    case .alreadySettled(let id, let certificate, let other):
      "The charge \(id) is settled with \(certificate?.name ?? "a certificate"), and pays for no other. "
        + (certificate.flatMap { other?.difference(from: $0) } ?? "")
        + "Ask for another under a new request id. Only an administrator can still refund it."
    case .alreadyRefunded(let id):
      "The charge \(id) was refunded and pays for nothing any more. Send a new request id."
    case .outOfRange(let id):
      "The points of budget \(id), allocated, adjusted and spent, would leave the range that is kept exactly "
        + "(2^53 - 1). A reset brings them back into it, or smaller terms do."
    }
  }
}

extension Certificate {
  /// By what a person finds it.
  fileprivate var name: String {
    "the certificate \(serial) of the key \(fingerprint), key id \"\(keyID)\""
  }

  /// A sentence: two may have one name, and differ in the rest.
  fileprivate func difference(from settled: Certificate) -> String {
    let members: [(name: CodingKeys, isSame: Bool)] = [
      (.serial, serial == settled.serial), (.keyID, keyID == settled.keyID),
      (.fingerprint, fingerprint == settled.fingerprint),
      (.validAfter, validAfter == settled.validAfter),
      (.validBefore, validBefore == settled.validBefore),
    ]
    let names = members.filter { !$0.isSame }.map(\.name.rawValue)
    return "What was sent now differs from it in \(names.joined(separator: ", ")). "
  }
}
