import TrustBudget

extension [String] {
  /// Checks that there are not too many, and gives them back.
  func validated(atMost limit: Int) throws(InvalidValue) -> [String] {
    guard count <= limit else { throw InvalidValue("must have at most \(limit) members") }
    return self
  }
}
