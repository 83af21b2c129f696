import TrustBudgetClient

extension CommandFailure {
  /// What a node refused, and what may help.
  init(ofNode error: any Error) {
    // A node that goes by certificates says nothing of tokens.
    let isAboutToken =
      (error as? Problem).map { $0.isUnauthenticated && "\($0)".contains("token") } ?? false
    // Nor has it a line of its own to say.
    let words = printable("\(error)")
    self.init(
      isAboutToken
        ? "\(words)\nA token is taken from --token-file FILE, $TRUST_BUDGET_TOKEN_FILE or "
          + "$TRUST_BUDGET_TOKEN; trust-budget token create makes one."
        : words)
  }
}
