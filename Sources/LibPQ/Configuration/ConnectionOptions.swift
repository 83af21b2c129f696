import CPostgreSQL

/// libpq's connection options, as a connection string gives them.
struct ConnectionOptions: Sendable {
  /// Those that the string sets, by keyword.
  private(set) var values: [String: String]

  /// - Throws: ``PostgresError``, kind `misuse`.
  init(parsing connectionString: String) throws(PostgresError) {
    var message: UnsafeMutablePointer<CChar>?
    let parsed = PQconninfoParse(connectionString, &message)
    defer {
      PQconninfoFree(parsed)
      PQfreemem(message)
    }
    guard parsed != nil else {
      let text = message.map { String(cString: $0).trimmed() } ?? "it can't be parsed"
      throw PostgresError(.misuse, "the connection string is not valid: \(Self.redact(text))")
    }
    values = Self.dictionary(parsed)
  }

  /// All the options of a connection, defaults, environment and service file included.
  init(of connection: OpaquePointer) {
    let all = PQconninfo(connection)
    defer { PQconninfoFree(all) }
    values = Self.dictionary(all)
  }

  subscript(keyword: String) -> String? {
    get { values[keyword] }
    set { values[keyword] = newValue }
  }

  /// Sets what nobody has set.
  mutating func setDefault(_ keyword: String, _ value: String) {
    if values[keyword] == nil { values[keyword] = value }
  }

  /// These, and what the environment says of the others, or the service that it names; but not what a service
  /// named here says.
  var withDefaults: ConnectionOptions {
    let defaults = PQconndefaults()
    defer { PQconninfoFree(defaults) }
    var all = self
    all.values.merge(Self.dictionary(defaults)) { ours, _ in ours }
    return all
  }

  var redactedDescription: String {
    let all = withDefaults
    let parts = ["service", "host", "hostaddr", "port", "dbname", "user"].compactMap { keyword in
      all[keyword].map { "\(keyword)=\($0)" }
    }
    // Not even where somebody has put a whole connection string into dbname.
    return parts.joined(separator: " ").redacting(values["password"])
      .redacting(values["sslpassword"])
  }

  private static func dictionary(
    _ options: UnsafeMutablePointer<PQconninfoOption>?
  ) -> [String: String] {
    var values: [String: String] = [:]
    var option = options
    while let current = option?.pointee, let keyword = current.keyword {
      if let value = current.val, value.pointee != 0 {
        values[String(cString: keyword)] = String(cString: value)
      }
      option = option?.successor()
    }
    return values
  }

  /// libpq quotes the part of the string that it doesn't understand, which may be the password or
  /// hold it; only a keyword that it doesn't know is worth showing.
  private static func redact(_ message: String) -> String {
    let showsKeyword = ["invalid connection option", "invalid URI query parameter"]
      .contains(where: message.hasPrefix)
    if showsKeyword { return message }
    var parts = message.split(separator: "\"", omittingEmptySubsequences: false)
    guard parts.count > 2 else { return message }
    // From the first quote to the last: what is quoted may hold quotes itself. What libpq expected
    // instead comes in parentheses before the colon.
    let first = parts.removeFirst()
    let last = parts.removeLast()
    return "\(first)\"…\"\(last)"
  }
}

extension String {
  /// Without the password, unless it is as short or as public as a user's name.
  func redacting(_ password: String?) -> String {
    guard let password, password.utf8.count > 3 else { return self }
    return split(separator: password, omittingEmptySubsequences: false).joined(separator: "***")
  }
}
