/// Where a node is to be reached, and on what terms.
package struct Entrance: Sendable {
  /// An address that a node listens at.
  package enum Address: Sendable {
    /// Port 0: any free one.
    case tcp(host: String, port: Int)
    /// A socket in the file system, with its permissions.
    case unix(path: String, mode: UInt32)

    /// As logs have it: `127.0.0.1:8470`, `unix:/run/trust-budget/socket`.
    package var text: String {
      switch self {
      case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
      case .unix(let path, _): "unix:\(path)"
      }
    }
  }

  package let addresses: [Address]
  /// What a caller over TCP sees of the node; nil: plain HTTP. A Unix socket needs none: the file
  /// system says who may reach it.
  package let tls: TLSFiles?
  package let limits: ConnectionLimits

  package init(
    addresses: [Address], tls: TLSFiles? = nil, limits: ConnectionLimits = ConnectionLimits()
  ) {
    self.addresses = addresses
    self.tls = tls
    self.limits = limits
  }
}
