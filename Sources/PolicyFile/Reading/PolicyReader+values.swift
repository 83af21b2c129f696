import TrustBudget

extension PolicyReader {
  /// Reads `principals` and `max_duration`, which every kind of rule must have.
  func limits(_ fields: Fields) -> CertificateLimits? {
    let example = #"["user"]"#
    let principals = fields.required("principals", example: example) {
      reader.list($0, example: example, principal)
    }
    let maxDuration = fields.required("max_duration", example: #""15m""#, duration)
    guard let principals, let maxDuration else { return nil }
    return CertificateLimits(principals: principals, maxDuration: maxDuration)
  }

  private func principal(_ node: YAMLNode) -> String? {
    let name = reader.value(node, PrincipalName.validate)
    if let name, name.contains("${") {
      reader.log.warning(
        "\(VisibleText.quoted(name)) is the principal's name as it stands",
        expected: "a name: variables are for budget_id alone", at: node.span)
    }
    return name
  }

  /// Reads a list of shell patterns.
  func globs(example: String) -> (YAMLNode) -> [Glob]? {
    { reader.list($0, example: example) { reader.value($0, Glob.init) } }
  }

  func points(_ node: YAMLNode) -> Points? {
    reader.wholeNumber(node).flatMap { number in
      reader.checked(node) { () throws(InvalidValue) in try Points(number) }
    }
  }

  func resetInterval(_ node: YAMLNode) -> ResetInterval? {
    reader.number(node).flatMap { hours in
      reader.checked(node) { () throws(InvalidValue) in try ResetInterval(hours: hours) }
    }
  }

  /// Text, or a plain number of minutes.
  private func duration(_ node: YAMLNode) -> CertificateDuration? {
    if case .scalar(let minutes, isPlain: true) = node.content, node.content.kind == .number {
      guard reader.isDecimal(node) else { return nil }
      return reader.checked(node) { () throws(InvalidValue) in try CertificateDuration(minutes) }
    }
    return reader.value(node, CertificateDuration.init(_:))
  }
}
