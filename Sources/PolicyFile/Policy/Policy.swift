import TrustBudget

/// A valid `policy.yaml`: which certificates a request may have, and which budgets pay for them.
///
/// Deciding is a pure function of the request and the time. First matching rule wins.
package struct Policy: Sendable {
  /// The most of a file that need be read: with a byte order mark, and the byte that makes it too large.
  package static let sufficientBytes = YAMLLoader.maximumBytes + 4

  /// The SHA-256 of the file's bytes: every entry in the audit trail carries it.
  package let digest: Digest
  /// In the order of the file.
  package let rules: [PolicyRule]
  /// What a request gets that no rule matches; nil: it is refused.
  package let defaultRule: DefaultRule?
  /// nil: break-glass is not set up.
  package let breakGlass: BreakGlassRule?
  /// What is likely a mistake and yet no error.
  package let warnings: FileDiagnostics

  /// Reads a policy file.
  ///
  /// - Parameters:
  ///   - yaml: The file's bytes: UTF-8, at most 1 MiB.
  ///   - fileName: What diagnostics call the file.
  /// - Throws: Everything that is wrong with the file, at once.
  package init(yaml: [UInt8], fileName: String) throws(FileDiagnostics) {
    let source = SourceText(bytes: yaml, fileName: fileName)
    let log = DiagnosticLog(source: source)
    guard let content = PolicyReader.read(source, log: log), !log.hasErrors else {
      throw log.diagnostics
    }
    self.digest = Digest(hashing: yaml)
    self.rules = content.rules
    self.defaultRule = content.defaultRule
    self.breakGlass = content.breakGlass
    self.warnings = log.diagnostics
  }

  /// What a request is granted, before any budget is looked at, as if it were asked at `now`.
  ///
  /// - Throws: why it is refused.
  package func evaluate(
    _ request: IssuanceRequest, at now: Timestamp
  ) throws(Refusal) -> Grant {
    if let rule = rules.first(where: { $0.match.holds(for: request, at: now) }) {
      return try rule.grant(for: request)
    }
    guard let defaultRule else { throw .noMatchingRule }
    return try defaultRule.grant(for: request)
  }
}
