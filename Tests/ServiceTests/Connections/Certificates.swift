import Foundation
import TrustBudgetTesting

/// A certificate authority for one test, made by openssl.
struct CertificateAuthority {
  /// What keys its certificates, and its own, are of.
  enum Algorithm: String, CaseIterable {
    case p256, rsa, ed25519

    fileprivate var options: [String] {
      switch self {
      case .p256: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
      case .rsa: ["-newkey", "rsa:2048"]
      case .ed25519: ["-newkey", "ed25519"]
      }
    }
  }

  let directory: TemporaryDirectory
  private let algorithm: Algorithm
  var certificate: String { directory.file("ca.pem") }
  private var key: String { directory.file("ca.key") }

  init(in directory: TemporaryDirectory, algorithm: Algorithm = .p256) async throws {
    self.directory = directory
    self.algorithm = algorithm
    try await tool(
      ["openssl", "req", "-x509"] + algorithm.options + [
        "-nodes", "-keyout", key, "-out", certificate, "-days", "30", "-subj", "/CN=Test authority",
      ])
  }

  /// A certificate and its key, as files.
  struct Issued {
    let certificate: String
    let key: String
  }

  /// Signs a certificate.
  ///
  /// - Parameters:
  ///   - alternatives: its SANs, as openssl writes them.
  ///   - days: how long it is valid; negative: it has expired.
  func issue(
    _ name: String, alternatives: String = "DNS:localhost,IP:127.0.0.1", days: Int = 30
  ) async throws -> Issued {
    let issued = Issued(
      certificate: directory.file("\(name).pem"), key: directory.file("\(name).key"))
    let request = directory.file("\(name).csr")
    let extensions = try directory.write("subjectAltName=\(alternatives)\n", to: "\(name).ext")
    try await tool(
      ["openssl", "req", "-utf8"] + algorithm.options + [
        "-nodes", "-keyout", issued.key, "-out", request, "-subj", "/CN=\(name)",
      ])
    // `openssl x509 -days` would do, but for certificates that have expired, which it refuses to make from
    // version 3.4 on.
    let settings = try directory.write(
      """
      [ca]
      default_ca = test
      [test]
      database = \(try directory.write("", to: "\(name).issued"))
      new_certs_dir = \(directory.path)
      policy = policy
      default_md = default
      rand_serial = yes
      [policy]
      commonName = supplied

      """, to: "\(name).conf")
    let end = Date.now + TimeInterval(days * 86_400)
    try await tool(
      "openssl", "ca", "-batch", "-notext", "-config", settings, "-cert", certificate, "-keyfile",
      key,
      "-startdate", CertificateAuthority.text(min(.now, end) - 86_400),
      "-enddate", CertificateAuthority.text(end), "-extfile", extensions, "-in", request,
      "-out", issued.certificate)
    return issued
  }

  /// A moment as openssl reads it.
  private static func text(_ moment: Date) -> String {
    moment.formatted(.iso8601).filter(\.isNumber) + "Z"
  }
}
