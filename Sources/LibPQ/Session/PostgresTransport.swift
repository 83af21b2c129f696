import CPostgreSQL

/// How what a session says travels to the server.
package struct PostgresTransport: Hashable, Sendable {
  /// The server's IP address; nil: a Unix socket.
  package let address: String?
  /// By TLS or GSSAPI.
  package let isEncrypted: Bool

  package init(address: String?, isEncrypted: Bool) {
    self.address = address
    self.isEncrypted = isEncrypted
  }

  /// Whether it leaves this machine.
  package var isRemote: Bool {
    guard let address else { return false }
    return !address.hasPrefix("127.") && address != "::1" && !address.hasPrefix("::ffff:127.")
  }
}

extension PostgresSession {
  /// How what this session says travels.
  package var transport: PostgresTransport {
    let address = PQhostaddr(wire.connection).map { String(cString: $0) } ?? ""
    return PostgresTransport(
      address: address.isEmpty ? nil : address,
      isEncrypted: PQsslInUse(wire.connection) == 1 || PQgssEncInUse(wire.connection) == 1)
  }
}
