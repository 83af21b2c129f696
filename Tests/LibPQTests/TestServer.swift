import Foundation
import LibPQ
import PrivatePostgres

/// The one server that all tests of this process share; it goes when the process goes.
enum TestServer {
  private static let start = Task {
    // libpq looks for service files there. Nobody has read the environment yet.
    setenv("PGSERVICEFILE", serviceFile.path, 1)
    return try await PrivatePostgres.start(
      directory: FileManager.default.temporaryDirectory
        .appending(path: "libpq-tests-\(ProcessInfo.processInfo.processIdentifier)"),
      settings: ["fsync": "off", "max_connections": "300", "log_min_messages": "fatal"],
      ephemeral: true)
  }

  /// Where the tests' services are.
  static let serviceFile = FileManager.default.temporaryDirectory
    .appending(path: "libpq-tests-\(ProcessInfo.processInfo.processIdentifier).services")

  static func connectionString(database: String = "postgres") async throws -> String {
    try await start.value.connectionString(database: database)
  }

  /// The directory of the server's socket, which is the host's name to libpq.
  static func host() async throws -> String {
    let pattern = #/host='([^']*)'/#
    let string = try await connectionString()
    return try string.firstMatch(of: pattern).map { String($0.1) } ?? { throw Missing() }()
  }

  struct Missing: Error {}

  /// A connection for one test.
  static func connect(
    _ change: (inout PostgresConfiguration) -> Void = { _ in }
  ) async throws -> PostgresConnection {
    var configuration = try PostgresConfiguration(await connectionString())
    change(&configuration)
    return try await PostgresConnection.connect(configuration)
  }
}

/// The error of a call that must fail with one.
func postgresError(_ body: () async throws -> some Any) async -> PostgresError? {
  do {
    _ = try await body()
    return nil
  } catch {
    return error as? PostgresError
  }
}

/// A statement of one parameter and one column of the same type.
protocol Echo: PostgresStatement where Row == Value? {
  associatedtype Value: PostgresValue & Equatable
  var value: Value? { get }
  init(value: Value?)
}

extension Echo {
  static var parameterTypes: [PostgresType] { [Value.postgresType] }
  func bind(_ parameters: inout PostgresParameters) { parameters.append(value) }
  static func decode(_ row: inout PostgresRow) throws -> Value? { try row.next(Value?.self) }
}

/// Any value, sent and asked back as its own type.
struct Echoed<Value: PostgresValue & Equatable>: Echo {
  static var sql: String { "SELECT $1" }
  let value: Value?
}
