/// Walks over a JSON document before it is decoded, and names the member in which it breaks.
///
/// A decoder says "unexpected character at 1,203"; a person wants the field. A decoder also keeps one
/// of two members with the same name, where another reader of the same bytes may keep the other; and it
/// takes 9007199254740991.4, or 1e-400, for a whole number that it is not.
struct JSONOutline {
  /// More than any request nests.
  private static let greatestDepth = 32
  /// More members than any object of a request has.
  private static let mostMembers = 256
  /// More of them than in the largest batch, with every number that a charge has.
  private static let mostFractions = 10_000
  /// The fields of requests have shorter names, and are nested no deeper: `charges[3].cost`.
  private static let longestName = 64
  private static let fieldDepth = 3

  private static let quote = UInt8(ascii: "\"")
  private static let backslash = UInt8(ascii: "\\")

  private enum Step {
    case member(String)
    case index(Int)
  }

  private var rest: ArraySlice<UInt8>
  /// Where in the document the walk is.
  private var path: [Step] = []
  private var fractions: Set<String> = []

  /// - Returns: the members whose numbers have a fraction or an exponent: `charges[3].cost`.
  /// - Throws: `FieldProblem`; its field is `body` where the document breaks outside of any member.
  static func check(_ bytes: [UInt8]) throws(FieldProblem) -> Set<String> {
    var outline = JSONOutline(rest: bytes[...])
    try outline.value()
    outline.skipBlanks()
    guard outline.rest.isEmpty else { throw outline.fault() }
    return outline.fractions
  }

  private init(rest: ArraySlice<UInt8>) {
    self.rest = rest
  }

  private func fault(_ problem: String = "is not valid JSON") -> FieldProblem {
    guard case .member = path.first else { return FieldProblem(field: "body", problem: problem) }
    return FieldProblem(field: place.printableName, problem: problem)
  }

  /// ``path``, as problems name it.
  private var place: String {
    path.reduce(into: "") { text, step in
      switch step {
      case .member(let name): text += text.isEmpty ? name : "." + name
      case .index(let index): text += "[\(index)]"
      }
    }
  }

  private mutating func skipBlanks() {
    rest = rest.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
  }

  /// Takes a byte if it comes next.
  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard rest.first == UInt8(ascii: character) else { return false }
    rest = rest.dropFirst()
    return true
  }

  private mutating func value() throws(FieldProblem) {
    skipBlanks()
    guard path.count < JSONOutline.greatestDepth else {
      path = Array(path.prefix(1))
      throw fault("is nested too deep")
    }
    if take("{") {
      try object()
    } else if take("[") {
      try list()
    } else if take("\"") {
      _ = try string()
    } else if let word = ["true", "false", "null"].first(where: { rest.starts(with: $0.utf8) }) {
      rest = rest.dropFirst(word.utf8.count)
    } else {
      try number()
    }
  }

  /// A member stays on the path until what follows it is right: `01` breaks in it, not after it.
  private mutating func object() throws(FieldProblem) {
    var names: Set<String> = []
    skipBlanks()
    if take("}") { return }
    repeat {
      skipBlanks()
      guard take("\"") else { throw fault() }
      let name = try string()
      path.append(.member(name))
      guard names.insert(name).inserted else { throw fault("must be given once") }
      guard names.count <= JSONOutline.mostMembers else {
        path.removeLast()
        throw fault("has more than \(JSONOutline.mostMembers) members")
      }
      skipBlanks()
      guard take(":") else { throw fault() }
      try value()
      skipBlanks()
      guard rest.first == UInt8(ascii: ",") || rest.first == UInt8(ascii: "}") else {
        throw fault()
      }
      path.removeLast()
    } while take(",")
    _ = take("}")
  }

  private mutating func list() throws(FieldProblem) {
    var index = 0
    skipBlanks()
    if take("]") { return }
    repeat {
      path.append(.index(index))
      try value()
      skipBlanks()
      guard rest.first == UInt8(ascii: ",") || rest.first == UInt8(ascii: "]") else {
        throw fault()
      }
      path.removeLast()
      index += 1
    } while take(",")
    _ = take("]")
  }

  /// The text up to the closing quote; the opening one is taken already.
  ///
  /// Escapes are read here, not by a decoder: a body has room for very many, and each would need one.
  private mutating func string() throws(FieldProblem) -> String {
    var bytes: [UInt8] = []
    while let end = rest.firstIndex(where: {
      $0 < 0x20 || $0 == JSONOutline.quote || $0 == JSONOutline.backslash
    }) {
      bytes += rest[..<end]
      let byte = rest[end]
      rest = rest[(end + 1)...]
      switch byte {
      case JSONOutline.quote:
        guard let text = String(validating: bytes, as: UTF8.self) else { throw fault() }
        return text
      case JSONOutline.backslash:
        guard let scalar = JSONEscape.take(from: &rest) else { throw fault() }
        bytes += Character(scalar).utf8
      default: throw fault()
      }
    }
    throw fault()
  }

  private mutating func number() throws(FieldProblem) {
    _ = take("-")
    if !take("0") { try digits() }
    let whole = rest
    if take(".") { try digits() }
    if take("e") || take("E") {
      _ = take("+") || take("-")
      try digits()
    }
    if rest.count < whole.count, mayBeField {
      guard fractions.count < JSONOutline.mostFractions else {
        throw fault("is one number with a fraction or an exponent too many")
      }
      fractions.insert(place)
    }
  }

  /// Whether the walk is in what a request may ask for. Other places are not worth remembering: there can
  /// be as many as a body has room for, with names as long.
  private var mayBeField: Bool {
    guard case .member = path.last, path.count <= JSONOutline.fieldDepth else { return false }
    return path.allSatisfy { step in
      if case .member(let name) = step { name.utf8.count <= JSONOutline.longestName } else { true }
    }
  }

  private mutating func digits() throws(FieldProblem) {
    let others = rest.drop { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard others.count < rest.count else { throw fault() }
    rest = others
  }
}
