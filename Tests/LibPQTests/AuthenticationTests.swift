import Foundation
import LibPQ
import PrivatePostgres
import Testing

@Suite("Authentication")
struct AuthenticationTests {
  @Test func `a wrong password is refused with its SQLSTATE, and shown nowhere`() async throws {
    let rules = FileManager.default.temporaryDirectory.appending(path: "\(UUID())-hba.conf")
    defer { try? FileManager.default.removeItem(at: rules) }
    try "local all postgres trust\nlocal all alice scram-sha-256\n"
      .write(to: rules, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: rules.path)
    let postgres = try await PrivatePostgres.start(
      directory: FileManager.default.temporaryDirectory.appending(path: "libpq-auth-\(UUID())"),
      settings: [
        "hba_file": rules.path, "max_connections": "5", "fsync": "off",
        "password_encryption": "scram-sha-256",
      ], ephemeral: true)

    let owner = try await PostgresConnection.connect(
      PostgresConfiguration(postgres.connectionString))
    try await owner.run { try $0.executeScript("CREATE ROLE alice LOGIN PASSWORD 'right horse'") }

    let alice = postgres.connectionString.replacing("user='postgres'", with: "user=alice")
    func attempt(_ password: String) async -> PostgresError? {
      await postgresError {
        try await PostgresConnection.connect(PostgresConfiguration(alice + password)).isUsable
      }
    }
    #expect(await attempt(" password='right horse'") == nil)

    let wrong = await attempt(" password=battery")
    #expect(wrong?.sqlState == .invalidPassword)
    #expect(wrong?.isAuthenticationFailure == true)
    #expect(wrong?.description.contains("battery") == false)
    #expect(wrong?.message.contains(#"password authentication failed for user "alice""#) == true)

    let missing = await attempt("")
    #expect(missing?.isAuthenticationFailure == true)
    #expect(missing?.message.contains("no password supplied") == true)

    let stranger = await postgresError {
      try await PostgresConnection.connect(
        PostgresConfiguration(alice.replacing("alice", with: "bob")))
    }
    #expect(stranger?.sqlState?.rawValue == "28000")

    try await owner.run { try $0.executeScript("ALTER ROLE alice CONNECTION LIMIT 0") }
    let crowded = await attempt(" password='right horse'")
    #expect(crowded?.sqlState?.rawValue == "53300")
    await owner.close()
    await postgres.stop()
  }
}
