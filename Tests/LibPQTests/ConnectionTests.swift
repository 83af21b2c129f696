import Foundation
import LibPQ
import Synchronization
import Testing
import TrustBudgetTesting

@Suite("Connecting")
struct ConnectionTests {
  private func database(_ connectionString: String) async throws -> String? {
    let connection = try await PostgresConnection.connect(PostgresConfiguration(connectionString))
    let name = try await connection.run { try $0.query("SELECT current_database()") }.rows[0][0]
    await connection.close()
    return name
  }

  @Test func `a URL works`() async throws {
    let host = try await TestServer.host().replacing("/", with: "%2F")
    #expect(try await database("postgresql://postgres@\(host):5432/template1") == "template1")
  }

  @Test func `a service file works`() async throws {
    let host = try await TestServer.host()
    defer { try? FileManager.default.removeItem(at: TestServer.serviceFile) }
    try "[budget]\nhost=\(host)\nport=5432\nuser=postgres\ndbname=template1\n"
      .write(to: TestServer.serviceFile, atomically: true, encoding: .utf8)
    #expect(try await database("service=budget") == "template1")
  }

  @Test(arguments: ["any", "read-write", "primary"])
  func `a dead first host gives way to the next`(attributes: String) async throws {
    let host = try await TestServer.host()
    let name = try await database(
      "host=/nowhere,\(host) user=postgres dbname=postgres target_session_attrs=\(attributes)")
    #expect(name == "postgres")
  }

  @Test func `no standby among the hosts is an error, and for prefer-standby it is not`()
    async throws
  {
    let host = try await TestServer.host()
    let base = "host=/nowhere,\(host) user=postgres dbname=postgres target_session_attrs="
    #expect(try await database(base + "prefer-standby") == "postgres")
    let error = await postgresError { try await database(base + "standby") }
    #expect(error?.kind == .connection)
    #expect(error?.message.contains("/nowhere") == true)
    #expect(error?.message.contains("not in hot standby mode") == true)
  }

  @Test func `a host that swallows everything is given up in time`() async throws {
    // A socket that listens and never accepts: the connection is made, and nobody ever answers.
    let silent = try SilentServer()
    let host = try await TestServer.host()
    var configuration = try PostgresConfiguration(
      "hostaddr=127.0.0.1 port=\(silent.port) user=postgres dbname=postgres")
    configuration.connectTimeout = .milliseconds(300)
    let alone = configuration
    let error = await postgresError { try await PostgresConnection.connect(alone) }
    #expect(error?.kind == .connection)
    #expect(error?.message == "connecting to 127.0.0.1, port \(silent.port) timed out")

    configuration = try PostgresConfiguration(
      "host=127.0.0.1,\(host) port=\(silent.port),5432 user=postgres dbname=postgres")
    configuration.connectTimeout = .seconds(2)
    let connection = try await PostgresConnection.connect(configuration)
    #expect(connection.isUsable)
  }

  @Test func `libpq itself may hang, and is given up in time, with its connection`() async throws {
    try await TemporaryDirectory.with { directory in
      // A root certificate that libpq waits for, in the middle of the handshake.
      let certificate = directory.file("root.crt")
      #expect(mkfifo(certificate, 0o600) == 0)
      let server = try SilentServer()
      let hungUp = server.agreeToTLS()
      var configuration = try PostgresConfiguration(
        "hostaddr=127.0.0.1 port=\(server.port) user=postgres dbname=postgres gssencmode=disable "
          + "sslmode=require sslrootcert='\(certificate)'")
      configuration.connectTimeout = .seconds(2)
      let patience = configuration
      // Beside the test, which lets libpq go on even if nobody gives up.
      let outcome = Outcome()
      let connecting = Task {
        let error = await postgresError { try await PostgresConnection.connect(patience) }
        outcome.error.withLock { $0 = error }
      }
      #expect(try await eventually { outcome.error.withLock { $0 } != nil })
      let error = outcome.error.withLock { $0 }
      #expect(error?.kind == .connection)
      #expect(
        error?.message
          == "connecting to 127.0.0.1, port \(server.port) timed out while libpq itself waited")

      // Only who is in the middle of opening it makes this succeed; it reads nothing then, and goes on.
      let writer = open(certificate, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
      #expect(writer >= 0)
      close(writer)
      _ = await hungUp.first { _ in true }
      await connecting.value
    }
  }

  @Test func `what the server refuses has its SQLSTATE, and its words`() async throws {
    let string = try await TestServer.connectionString(database: "missing")
    let error = await postgresError { try await database(string) }
    #expect(error?.kind == .connection)
    #expect(error?.sqlState?.rawValue == "3D000")
    #expect(error?.message.contains(#"FATAL:  database "missing" does not exist"#) == true)
    #expect(error?.message.contains("LOCATION") == false)
  }

  @Test func `an unreachable server has no SQLSTATE`() async throws {
    let error = await postgresError { try await database("host=/nowhere user=x dbname=y") }
    #expect(error?.kind == .connection)
    #expect(error?.sqlState == nil)
    #expect(error?.isConnectionLost == true)
    #expect(error?.message.contains("/nowhere") == true)
  }

  @Test func `the session has the settings that were asked for`() async throws {
    let connection = try await TestServer.connect {
      $0.applicationName = "budget's \"name\""
      $0.statementTimeout = .seconds(5)
      $0.lockTimeout = .milliseconds(1500)
      $0.idleInTransactionTimeout = .seconds(60)
      $0.sessionSettings = [("search_path", "pg_catalog, public"), ("TimeZone", "Asia/Tokyo")]
    }
    let table = try await connection.run { session in
      try session.query(
        """
        SELECT current_setting('application_name'), current_setting('statement_timeout'),
          current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout'),
          current_setting('search_path'), current_setting('TimeZone'),
          current_setting('client_encoding')
        """)
    }
    #expect(
      table.rows == [
        [
          "budget's \"name\"", "5s", "1500ms", "1min", "pg_catalog, public", "Asia/Tokyo", "UTF8",
        ]
      ])
    #expect(try await connection.run { $0.parameterStatus("TimeZone") } == "Asia/Tokyo")
  }

  @Test func `the server is told to watch whether its client is still there`() async throws {
    // On a Unix socket they show as 0, and are taken all the same.
    let table = try await TestServer.connect().run { session in
      try session.query(
        """
        SELECT name FROM pg_settings WHERE name LIKE 'tcp\\_%' AND source = 'session' ORDER BY name
        """)
    }
    let names = [
      "tcp_keepalives_count", "tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_user_timeout",
    ]
    #expect(table.rows == names.map { [$0] })
  }

  @Test func `a server that says no more once the session is there is given up in time, too`()
    async throws
  {
    let owner = try await TestServer.connect()
    // Found before PostgreSQL's own, it keeps the session's first statement from ending.
    try await owner.run { session in
      try session.executeScript(
        """
        CREATE ROLE stuck LOGIN;
        CREATE SCHEMA stuck AUTHORIZATION stuck;
        ALTER ROLE stuck SET search_path = stuck, pg_catalog;
        CREATE FUNCTION stuck.set_config(text, text, boolean) RETURNS text LANGUAGE sql VOLATILE
          AS $$ SELECT pg_sleep(3600)::text $$;
        """)
    }
    var configuration = try PostgresConfiguration(
      "host=\(try await TestServer.host()) user=stuck dbname=postgres")
    configuration.connectTimeout = .milliseconds(500)
    let alone = configuration
    let error = await postgresError { try await PostgresConnection.connect(alone) }
    #expect(error?.kind == .timeout)
  }

  @Test func `a setting that doesn't exist is refused`() async throws {
    let error = await postgresError {
      try await TestServer.connect { $0.sessionSettings = [("no_such_setting", "1")] }
    }
    #expect(error?.kind == .server)
    #expect(error?.message.contains("no_such_setting") == true)
  }

  @Test func `a setting that older servers lack is set where there is one`() async throws {
    let connection = try await TestServer.connect {
      $0.optionalSettings = [("no_such_setting", "1"), ("enable_nestloop", "off")]
    }
    let rows = try await connection.run { session in
      try session.query(
        "SELECT current_setting('enable_nestloop'), current_setting('no_such_setting', true)"
      ).rows
    }
    #expect(rows == [["off", nil]])
  }

  @Test func `a transaction has a limit where the server knows one`() async throws {
    let connection = try await TestServer.connect { $0.transactionTimeout = .seconds(7) }
    let rows = try await connection.run { session in
      try session.query(
        """
        SELECT current_setting('transaction_timeout', true),
          current_setting('server_version_num')::int >= 170000
        """
      ).rows
    }
    #expect(rows == [["7s", "t"]] || rows == [[nil, "f"]])
  }

  @Test func `a closed connection says so`() async throws {
    let connection = try await TestServer.connect()
    await connection.close()
    await connection.close()
    #expect(!connection.isUsable)
    let error = await postgresError { try await connection.run { try $0.query("SELECT 1") } }
    #expect(error?.kind == .connection)
  }
}

/// What has come of an attempt so far.
private final class Outcome: Sendable {
  let error = Mutex<PostgresError?>(nil)
}
