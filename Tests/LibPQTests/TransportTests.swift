import LibPQ
import Testing

@Suite("How a session travels")
struct TransportTests {
  @Test(
    arguments: [
      (nil, false), ("127.0.0.1", false), ("127.1.2.3", false), ("::1", false),
      ("::ffff:127.0.0.1", false), ("192.0.2.1", true), ("2001:db8::1", true), ("::", true),
    ] as [(String?, Bool)])
  func `what is on the way to another machine is told from what stays here`(
    address: String?, isRemote: Bool
  ) {
    #expect(PostgresTransport(address: address, isEncrypted: false).isRemote == isRemote)
  }

  @Test func `a Unix socket has no address, and no encryption`() async throws {
    let configuration = try PostgresConfiguration(
      "host=\(try await TestServer.host()) user=postgres dbname=postgres")
    let transport = try await PostgresConnection.with(configuration) { connection in
      try await connection.run { $0.transport }
    }
    #expect(transport == PostgresTransport(address: nil, isEncrypted: false))
  }
}
