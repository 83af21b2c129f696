import TrustBudget

/// A shell pattern: `*`, `?`, `[a-z]`, `[!a-z]`, and a backslash before what is meant literally.
///
/// Case-sensitive, and always about the whole text. Characters are Unicode scalars.
package struct Glob: Sendable, Hashable, CustomStringConvertible {
  /// The longest pattern, in UTF-8 bytes: as long as the longest budget name.
  package static let maximumBytes = BudgetID.maximumBytes

  /// As it was written.
  package let description: String
  let elements: [Element]

  /// - Throws: `InvalidValue` when it is empty, too long, holds invisible characters, or has a `[`
  ///   or a backslash that leads nowhere.
  package init(_ pattern: String) throws(InvalidValue) {
    self.description = try IdentityText.validate(pattern, maximumBytes: Glob.maximumBytes)
    var parser = GlobParser(pattern)
    self.elements = try parser.elements()
  }

  package func matches(_ text: String) -> Bool {
    let scalars = text.unicodeScalars
    var position = scalars.startIndex
    var next = 0
    // Only the last `*` ever needs another try: whatever an earlier one could still take, the last
    // one can take as well. That bounds the work by pattern times text.
    var lastRun: (next: Int, position: String.Index)?
    while position < scalars.endIndex {
      if next < elements.count {
        let element = elements[next]
        if case .anyRun = element {
          next += 1
          lastRun = (next, position)
          continue
        }
        if element.accepts(scalars[position]) {
          next += 1
          position = scalars.index(after: position)
          continue
        }
      }
      guard let run = lastRun else { return false }
      let longer = scalars.index(after: run.position)
      lastRun = (run.next, longer)
      next = run.next
      position = longer
    }
    return elements[next...].allSatisfy { $0 == .anyRun }
  }

  /// Whether it is nothing but `*`.
  var matchesEverything: Bool { elements.allSatisfy { $0 == .anyRun } }

  enum Element: Hashable {
    case literal(Unicode.Scalar)
    case anyOne
    case anyRun
    case oneOf([ClosedRange<Unicode.Scalar>], negated: Bool)

    func accepts(_ scalar: Unicode.Scalar) -> Bool {
      switch self {
      case .literal(let literal): literal == scalar
      case .anyOne: true
      case .anyRun: false
      case .oneOf(let ranges, let negated): ranges.contains { $0.contains(scalar) } != negated
      }
    }
  }
}

extension [Glob] {
  /// Whether any of them matches. None does where there is no text, or nothing in it: `*` is for
  /// everybody who has one.
  package func contains(matching text: String?) -> Bool {
    guard let text, !text.isEmpty else { return false }
    return contains { $0.matches(text) }
  }
}
