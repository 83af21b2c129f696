/// Collects what is wrong with one file while it is read.
final class DiagnosticLog {
  /// Of errors, and of warnings as well, so that these crowd out none of those. Nobody reads more; a hostile
  /// file could have a million.
  static let maximumCount = 1_000

  private var source: SourceText
  /// A mistake in an anchored node would be found again at every alias.
  private var noted: [FileDiagnostic.Severity: Set<FileDiagnostic>] = [:]
  private var omittedCount = 0

  init(source: SourceText) {
    self.source = source
  }

  var hasErrors: Bool { noted[.error] != nil }

  /// How many were noted so far, as far as they are counted.
  var errorCount: Int { noted[.error, default: []].count }

  /// `expected` and `suggestion` complete "expected …" and "did you mean …?".
  ///
  /// - Parameter isSecret: whether the line must not be shown.
  func error(
    _ message: @autoclosure () -> String, expected: @autoclosure () -> String? = nil,
    suggestion: @autoclosure () -> String? = nil, at span: SourceSpan, isSecret: Bool = false
  ) {
    note(
      .error, message, expected: expected, suggestion: suggestion, at: span, isSecret: isSecret)
  }

  func warning(_ message: String, expected: String? = nil, at span: SourceSpan) {
    note(
      .warning, { message }, expected: { expected }, suggestion: { nil }, at: span, isSecret: false)
  }

  private func note(
    _ severity: FileDiagnostic.Severity, _ message: () -> String, expected: () -> String?,
    suggestion: () -> String?, at span: SourceSpan, isSecret: Bool
  ) {
    guard noted[severity, default: []].count < DiagnosticLog.maximumCount else {
      omittedCount += 1
      return
    }
    let isHidden = isSecret || source.mayHoldSecret(onLineOf: span)
    let excerpt = isHidden ? nil : source.excerpt(around: span)
    noted[severity, default: []].insert(
      FileDiagnostic(
        severity: severity,
        file: source.fileName,
        line: span.start.line + 1,
        column: span.start.column + 1,
        message: SecretText.hide(in: message(), isOnSuchLine: isHidden),
        expected: expected(),
        suggestion: suggestion(),
        sourceLine: excerpt?.line ?? "",
        marked: excerpt?.marked ?? 0..<0))
  }

  /// What was noted so far, sorted by position.
  var diagnostics: FileDiagnostics {
    let sorted = noted.values.joined().sorted {
      ($0.line, $0.column, $0.message) < ($1.line, $1.column, $1.message)
    }
    return FileDiagnostics(all: sorted, omittedCount: omittedCount)
  }
}
