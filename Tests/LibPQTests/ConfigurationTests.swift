import LibPQ
import Testing

@Suite("Configuration")
struct ConfigurationTests {
  @Test(
    "a string that makes no sense is refused in words, without the password",
    arguments: [
      "host=x password=hunter2 secret", "postgresql://me:hunter2@[::1/db",
      "postgresql://me:hunter2@host:pörtchen/db?nonsense", "password='hunter2",
      "password=hunter2 =",
      "postgres//me:hunter2@host", "postgresql://me:hunter2%zz@host/db", "host=x nonsense=hunter2",
      "postgresql://me:hunter2@host/db?nonsense=hunter2",
    ])
  func invalid(string: String) throws {
    let error = #expect(throws: PostgresError.self) { try PostgresConfiguration(string) }
    #expect(error?.kind == .misuse)
    let text = try #require(error).description
    #expect(text.hasPrefix("the connection string is not valid: "))
    #expect(!text.contains("hunter2") && !text.contains("secret"))
  }

  @Test("an unknown keyword is named")
  func unknownKeyword() {
    let error = #expect(throws: PostgresError.self) { try PostgresConfiguration("hots=x") }
    #expect(error?.message.contains("\"hots\"") == true)
  }

  @Test(
    "descriptions show the host and never the password",
    arguments: [
      "host=db.example port=5433 dbname=budget user=me password=hunter2",
      "postgresql://me:hunter2@db.example:5433/budget",
    ])
  func description(string: String) throws {
    let configuration = try PostgresConfiguration(string)
    #expect(
      configuration.redactedDescription
        == "host=db.example port=5433 dbname=budget user=me")
    var dumped = ""
    dump(configuration, to: &dumped)
    #expect(!(dumped + "\(configuration)" + String(reflecting: configuration)).contains("hunter2"))
  }
}
