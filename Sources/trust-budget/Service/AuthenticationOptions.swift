import ArgumentParser

/// How callers prove who they are.
struct AuthenticationOptions: ParsableArguments {
  enum Method: String, ExpressibleByArgument, CaseIterable {
    case token
    case mtls
    case none
  }

  @Option(
    name: .customLong("auth"),
    help: "How callers prove who they are; none is for loopback addresses and Unix sockets.")
  var method = Settings.authentication.value

  @Flag(inversion: .prefixedNo, help: "Accept --auth none on an address that other machines reach.")
  var insecure = Settings.insecure.value

  /// Why callers cannot, or must not, prove who they are in this way where a node listens; nil: they can.
  func problem(at address: AddressOptions, with tls: TLSOptions) -> String? {
    guard method == .mtls || tls.clientRoles == nil else {
      return "--tls-roles is for --auth mtls; with --auth \(method.rawValue) nothing asks for it"
    }
    switch method {
    case .token: return nil
    case .none:
      guard !insecure, let reachable = address.tcp.first(where: { !$0.isLoopback }) else {
        return nil
      }
      return "--auth none on \(reachable) would let anybody charge; use --auth token, "
        + "listen on 127.0.0.1, or say --insecure as well"
    case .mtls:
      guard tls.clientAuthority != nil, tls.clientRoles != nil else {
        return "--auth mtls needs --tls-client-ca and --tls-roles"
      }
      guard address.unixSocket == nil else {
        return
          "--auth mtls: callers at a Unix socket have no certificate; use --auth token, or none"
      }
      return nil
    }
  }
}
