import LibPQ
import Testing

@Suite("Configuration")
struct ConfigurationTests {
  @Test(arguments: [
    "host=x password=hunter2 secret", "postgresql://me:hunter2@[::1/db",
    "postgresql://me:hunter2@host:pörtchen/db?nonsense", "password='hunter2",
    "password=hunter2 =",
    "postgres//me:hunter2@host", "postgresql://me:hunter2%zz@host/db", "host=x nonsense=hunter2",
    "postgresql://me:hunter2@host/db?nonsense=hunter2",
  ])
  func `a string that makes no sense is refused in words, without the password`(string: String)
    throws
  {
    let error = #expect(throws: PostgresError.self) { try PostgresConfiguration(string) }
    #expect(error?.kind == .misuse)
    let text = try #require(error).description
    #expect(text.hasPrefix("the connection string is not valid: "))
    #expect(!text.contains("hunter2") && !text.contains("secret"))
  }

  @Test func `an unknown keyword is named`() {
    let error = #expect(throws: PostgresError.self) { try PostgresConfiguration("hots=x") }
    #expect(error?.message.contains("\"hots\"") == true)
  }

  @Test(arguments: [
    "host=db.example port=5433 dbname=budget user=me password=hunter2",
    "postgresql://me:hunter2@db.example:5433/budget",
  ])
  func `descriptions show the host and never the password`(string: String) throws {
    let configuration = try PostgresConfiguration(string)
    #expect(
      configuration.redactedDescription
        == "host=db.example port=5433 dbname=budget user=me")
    var dumped = ""
    dump(configuration, to: &dumped)
    #expect(!(dumped + "\(configuration)" + String(reflecting: configuration)).contains("hunter2"))
  }
}
