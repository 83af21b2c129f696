import FoundationEssentials
import TrustBudget

/// Reads the members of a JSON object one by one, and collects everything that is wrong with them.
///
/// A caller learns of all mistakes at once, each by the name of its field. A member that nobody
/// asked for is a mistake as well: a misspelt `dry_run` must not charge.
final class RequestFields {
  private let members: KeyedDecodingContainer<Name>
  /// The names of the members that are there. Lists, here and below: a request asks for a few names only.
  private let given: [String]
  private var asked: [String] = []
  private var problems: [FieldProblem] = []
  private let prefix: String
  /// The members of the whole body that have numbers with a fraction or an exponent.
  private let fractions: Set<String>

  /// Where a decoder has them; nothing there: none.
  static let fractionsKey = CodingUserInfoKey(rawValue: "fractions")

  struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) {
      self.stringValue = stringValue
    }

    init?(intValue: Int) {
      return nil
    }
  }

  /// - Parameter prefix: what the fields' names begin with in messages, `charges[3].`.
  /// - Throws: `FieldProblems` for anything else than an object.
  init(_ decoder: any Decoder, prefix: String = "") throws {
    do {
      self.members = try decoder.container(keyedBy: Name.self)
    } catch {
      throw FieldProblems(list: [
        FieldProblem(
          field: prefix.isEmpty ? "body" : String(prefix.dropLast()),
          problem: "must be a JSON object")
      ])
    }
    self.given = members.allKeys.map(\.stringValue)
    self.prefix = prefix
    self.fractions =
      RequestFields.fractionsKey.flatMap { decoder.userInfo[$0] as? Set<String> } ?? []
  }

  /// A member that may be left out, or be null.
  func optional<Raw: Decodable, Value>(
    _ name: String, _ expected: FieldType<Raw>, _ convert: (Raw) throws -> Value
  ) -> Value? {
    asked.append(name)
    guard given.contains(name) else { return nil }
    let key = Name(stringValue: name)
    guard (try? members.decodeNil(forKey: key)) != true else { return nil }
    guard !expected.isWhole || !fractions.contains(prefix + name) else {
      report(name, expected.requirement)
      return nil
    }
    do {
      return try convert(try members.decode(Raw.self, forKey: key))
    } catch let error as InvalidValue {
      report(name, error.requirement)
    } catch let members as FieldProblems {
      problems += members.list
    } catch {
      report(name, expected.requirement)
    }
    return nil
  }

  func optional<Raw: Decodable>(_ name: String, _ expected: FieldType<Raw>) -> Raw? {
    optional(name, expected) { $0 }
  }

  /// A member that must be there.
  func required<Raw: Decodable, Value>(
    _ name: String, _ expected: FieldType<Raw>, _ convert: (Raw) throws -> Value
  ) -> Value? {
    let before = problems.count
    let value = optional(name, expected, convert)
    if value == nil, problems.count == before { report(name, "is required") }
    return value
  }

  func report(_ name: String, _ problem: String) {
    problems.append(FieldProblem(field: prefix + name, problem: problem))
  }

  /// - Parameter required: what `required` gave. It is there when nothing was wrong.
  /// - Throws: `FieldProblems` with everything that was wrong, if anything was.
  func finish<each Value>(_ required: repeat (each Value)?) throws -> (repeat each Value) {
    for name in given where !asked.contains(name) {
      let known = asked.sorted().joined(separator: ", ")
      report(name.printableName, "is not a field of this request (known: \(known))")
    }
    let found = FieldProblems(list: problems)
    guard found.list.isEmpty else { throw found }
    func unwrapped<Member>(_ member: Member?) throws -> Member {
      guard let member else { throw found }
      return member
    }
    return (repeat try unwrapped(each required))
  }
}
