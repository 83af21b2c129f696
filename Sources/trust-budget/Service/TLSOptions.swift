import ArgumentParser

/// The files of a node's TLS.
struct TLSOptions: ParsableArguments {
  @Option(
    name: .customLong("tls-cert"),
    help: ArgumentHelp(
      "The certificate chain for TLS, PEM. It and the other TLS files are read again when they change.",
      valueName: "file"))
  var certificateFile: String?

  @Option(
    name: .customLong("tls-key"),
    help: ArgumentHelp("The certificate's private key, PEM, without passphrase.", valueName: "file")
  )
  var keyFile: String?

  @Option(
    name: .customLong("tls-client-ca"),
    help: ArgumentHelp(
      "Callers must have a client certificate that one of these CAs signed, PEM.",
      valueName: "file"))
  var clientAuthorityFile: String?

  @Option(
    name: .customLong("tls-roles"),
    help: ArgumentHelp(
      "The roles of client certificates, by their names; for --auth mtls.", valueName: "file"))
  var clientRolesFile: String?

  func validate() throws {
    try Settings.certificate.validate(certificateFile)
    try Settings.certificateKey.validate(keyFile)
    try Settings.clientAuthority.validate(clientAuthorityFile)
    try Settings.clientRoles.validate(clientRolesFile)
  }

  var certificate: String? { certificateFile ?? Settings.certificate.value }
  var key: String? { keyFile ?? Settings.certificateKey.value }
  var clientAuthority: String? { clientAuthorityFile ?? Settings.clientAuthority.value }
  var clientRoles: String? { clientRolesFile ?? Settings.clientRoles.value }

  /// Why some of them are of no use without others; nil: they are complete.
  var problem: String? {
    if (certificate == nil) != (key == nil) {
      return "--tls-cert and --tls-key go together, and there is only \(certificate ?? key ?? "")"
    }
    if clientAuthority != nil, certificate == nil {
      return "--tls-client-ca needs --tls-cert and --tls-key"
    }
    return nil
  }

  /// All of them, by their options.
  var files: [(option: String, path: String?)] {
    [
      ("--tls-cert", certificate), ("--tls-key", key), ("--tls-client-ca", clientAuthority),
      ("--tls-roles", clientRoles),
    ]
  }
}
