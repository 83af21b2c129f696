/// Which statements a session has prepared, and under which names.
struct PreparedStatements {
  private var names: [ObjectIdentifier: String] = [:]
  private var generations: [ObjectIdentifier: Int] = [:]

  /// The name on the server; nil if it isn't prepared there.
  func serverName<Statement: PostgresStatement>(of _: Statement.Type) -> String? {
    names[ObjectIdentifier(Statement.self)]
  }

  /// The name to prepare it under.
  func newServerName<Statement: PostgresStatement>(
    for _: Statement.Type, name: String
  ) -> String {
    let generation = generations[ObjectIdentifier(Statement.self), default: 0]
    return generation == 0 ? name : "\(name)#\(generation)"
  }

  mutating func insert(_ statement: ObjectIdentifier, serverName: String) {
    names[statement] = serverName
  }

  /// Has a statement prepared anew when it is next used, under another name: its old self may still
  /// be there.
  mutating func forget(_ statement: ObjectIdentifier) {
    guard names.removeValue(forKey: statement) != nil else { return }
    generations[statement, default: 0] += 1
  }
}
