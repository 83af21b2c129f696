import ArgumentParser

/// How callers prove who they are.
enum Authentication: String, ExpressibleByArgument, CaseIterable {
  case token
  case mtls
  case none

  /// Why callers cannot, or must not, prove who they are in this way where a node listens; nil: they can.
  func problem(
    at addresses: [ListenAddress], insecure: Bool, unixSocket: String?, clientAuthority: String?,
    roles: String?
  ) -> String? {
    guard self == .mtls || roles == nil else {
      return "--tls-roles is for --auth mtls; with --auth \(rawValue) nothing asks for it"
    }
    switch self {
    case .token: return nil
    case .none:
      guard !insecure, let address = addresses.first(where: { !$0.isLoopback }) else { return nil }
      return "--auth none on \(address) would let anybody charge; use --auth token, "
        + "listen on 127.0.0.1, or say --insecure as well"
    case .mtls:
      guard clientAuthority != nil, roles != nil else {
        return "--auth mtls needs --tls-client-ca and --tls-roles"
      }
      guard unixSocket == nil else {
        return
          "--auth mtls: callers at a Unix socket have no certificate; use --auth token, or none"
      }
      return nil
    }
  }
}
