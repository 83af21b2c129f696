import TrustBudget

/// Takes a shell pattern apart.
struct GlobParser {
  private var rest: Substring.UnicodeScalarView

  init(_ pattern: String) {
    rest = pattern[...].unicodeScalars
  }

  mutating func elements() throws(InvalidValue) -> [Glob.Element] {
    var elements: [Glob.Element] = []
    while let scalar = rest.popFirst() {
      switch scalar {
      case "*":
        // Two in a row mean no more than one.
        if elements.last != .anyRun { elements.append(.anyRun) }
      case "?": elements.append(.anyOne)
      case "[": elements.append(try bracket())
      case "\\": elements.append(.literal(try escaped()))
      default: elements.append(.literal(scalar))
      }
    }
    return elements
  }

  /// What follows a `[`, through its `]`. A `]` that comes first is one of the characters.
  private mutating func bracket() throws(InvalidValue) -> Glob.Element {
    let negated = rest.first == "!"
    if negated { rest.removeFirst() }
    guard negated || rest.first != "^" else {
      throw InvalidValue(#"must write [!…] for "none of these", or [\^…] for the character ^"#)
    }
    var ranges: [ClosedRange<Unicode.Scalar>] = []
    repeat {
      guard !rest.starts(with: "[:".unicodeScalars) else {
        throw InvalidValue("must not use a named character class such as [:alpha:]")
      }
      ranges.append(try range())
    } while try peekInBracket() != "]"
    rest.removeFirst()
    return .oneOf(ranges, negated: negated)
  }

  /// `a`, or `a-z`. A `-` at the end of the bracket is itself.
  private mutating func range() throws(InvalidValue) -> ClosedRange<Unicode.Scalar> {
    let lower = try bracketScalar()
    guard rest.first == "-", rest.dropFirst().first != "]" else { return lower...lower }
    rest.removeFirst()
    let upper = try bracketScalar()
    guard lower <= upper else {
      throw InvalidValue("must not have a range that runs backwards, such as [z-a]")
    }
    return lower...upper
  }

  private mutating func bracketScalar() throws(InvalidValue) -> Unicode.Scalar {
    let scalar = try peekInBracket()
    rest.removeFirst()
    return scalar == "\\" ? try escaped() : scalar
  }

  private func peekInBracket() throws(InvalidValue) -> Unicode.Scalar {
    guard let scalar = rest.first else {
      throw InvalidValue(#"must close its "[" with a "]", or write "\[" for the character"#)
    }
    return scalar
  }

  private mutating func escaped() throws(InvalidValue) -> Unicode.Scalar {
    guard let scalar = rest.popFirst() else {
      throw InvalidValue(#"must not end in a single "\""#)
    }
    return scalar
  }
}
