import TrustBudget

/// A budget's name with places for a request's values: `user:${username}`.
///
/// A `$` that no `{` follows is itself. Characters are Unicode scalars: no accent hides a brace.
package struct BudgetIDTemplate: Sendable, Hashable, CustomStringConvertible {
  /// As it was written.
  package let description: String
  private let segments: [Segment]

  private enum Segment: Hashable {
    case literal(String)
    case variable(TemplateVariable)
  }

  /// The template of a clause that names none.
  static let perUser = BudgetIDTemplate(
    description: "user:${username}", segments: [.literal("user:"), .variable(.username)])

  private init(description: String, segments: [Segment]) {
    self.description = description
    self.segments = segments
  }

  /// - Throws: `InvalidValue` when it is empty, too long, holds invisible characters, or has an
  ///   unknown variable, one in another program's spelling, an open `${`, or a mark that would join a
  ///   value's last letter.
  package init(_ template: String) throws(InvalidValue) {
    description = try IdentityText.validate(template, maximumBytes: BudgetID.maximumBytes)
    var segments: [Segment] = []
    var literal = ""
    var rest = template[...].unicodeScalars
    while let scalar = rest.popFirst() {
      guard scalar == "$", rest.first == "{" else {
        literal.unicodeScalars.append(scalar)
        continue
      }
      guard let end = rest.firstIndex(of: "}") else {
        throw InvalidValue(#"must close its "${" with a "}""#)
      }
      if !literal.isEmpty { segments.append(.literal(literal)) }
      literal = ""
      let name = Substring(rest[..<end].dropFirst())
      segments.append(.variable(try TemplateVariable(named: name)))
      rest = rest[end...].dropFirst()
      guard rest.first?.properties.isGraphemeExtend != true else {
        throw InvalidValue("must not have an accent, or another mark, on the end of ${\(name)}")
      }
    }
    if !literal.isEmpty { segments.append(.literal(literal)) }
    for case .literal(let text) in segments {
      // Taken as it stands, it would be one budget for everybody.
      if let variable = TemplateVariable.misspelt(in: text) {
        throw InvalidValue("must write the variable as \(variable)")
      }
    }
    self.segments = segments
  }

  package func uses(_ variable: TemplateVariable) -> Bool {
    segments.contains(.variable(variable))
  }

  /// What every name that it gives looks like: nil stands for a value, which is at least one character, and holds
  /// no `:` and no `/`.
  var shape: [Unicode.Scalar?] {
    segments.flatMap { segment -> [Unicode.Scalar?] in
      switch segment {
      case .literal(let text): Array(text.unicodeScalars)
      case .variable: [nil]
      }
    }
  }

  /// Whether two of its variables meet without a `:` or `/` between them. Values hold neither, so
  /// that either keeps them apart; without one, two identities could share a name.
  var runsVariablesTogether: Bool {
    var isAfterVariable = false
    for segment in segments {
      switch segment {
      case .variable where isAfterVariable: return true
      case .variable: isAfterVariable = true
      case .literal(let text):
        if text.unicodeScalars.contains(where: { $0 == ":" || $0 == "/" }) {
          isAfterVariable = false
        }
      }
    }
    return false
  }

  /// The name for one request.
  ///
  /// - Throws: `Refusal` when a variable has no value, or the name is not one a budget can have.
  func render(with values: TemplateValues) throws(Refusal) -> BudgetID {
    var name = ""
    for segment in segments {
      switch segment {
      case .literal(let text):
        name += text
      case .variable(let variable):
        guard let value = values[variable], !value.isEmpty else {
          throw .missingIdentity(rule: values.rule, variable: variable)
        }
        name += TemplateVariable.encoded(value)
      }
    }
    do {
      return try BudgetID(name)
    } catch {
      throw .unusableBudgetID(rule: values.rule, budgetID: name, requirement: error.requirement)
    }
  }
}
