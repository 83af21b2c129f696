import TrustBudgetClient

extension CommandFailure {
  /// What a node refused, and what may help.
  init(ofNode error: any Error) {
    // A node that goes by certificates says nothing of tokens.
    let isAboutToken =
      (error as? Problem).map { $0.isUnauthenticated && "\($0)".contains("token") } ?? false
    self.init(
      isAboutToken
        ? "\(error)\nA token is taken from --token-file FILE, $TRUST_BUDGET_TOKEN_FILE or "
          + "$TRUST_BUDGET_TOKEN; trust-budget token create makes one."
        : "\(error)")
  }
}
