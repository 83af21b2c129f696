import NIOCore
import NIOSSL
import TrustBudget

/// A certificate with its key, and whose certificates callers must have.
package struct TLSMaterial: Sendable {
  let context: NIOSSLContext
  /// When the first of the certificates in the chain expires.
  package let expiry: Timestamp

  /// - Parameters:
  ///   - certificate: the node's certificate and those between it and the root; PEM.
  ///   - key: PEM.
  ///   - clientAuthority: the certificates that sign callers' certificates, PEM; nil: callers need
  ///     none.
  /// - Throws: `UnusableTLSFile`.
  package init(
    certificate: [UInt8], key: [UInt8], clientAuthority: [UInt8]?
  ) throws(UnusableTLSFile) {
    let chain = try TLSMaterial.certificates(certificate, "certificate")
    let privateKey: NIOSSLPrivateKey
    do {
      privateKey = try NIOSSLPrivateKey(bytes: key, format: .pem)
    } catch {
      throw UnusableTLSFile("the key is no private key in PEM, or has a passphrase")
    }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    // For a caller's goodbye, which need not come: a node that ends waits for no more than that.
    configuration.shutdownTimeout = .milliseconds(500)
    if let clientAuthority {
      let authorities = try TLSMaterial.certificates(clientAuthority, "client CA")
      configuration.certificateVerification = .noHostnameVerification
      configuration.trustRoots = .certificates(authorities)
      configuration.sendCANameList = true
      configuration.verifySignatureAlgorithms = TLSMaterial.clientSignatures
    }
    do {
      context = try NIOSSLContext(configuration: configuration)
    } catch {
      throw UnusableTLSFile("the key does not belong to the certificate (\(error))")
    }
    let seconds = chain.map { Int64($0.notValidAfter) }.min() ?? 0
    expiry = Timestamp(microseconds: seconds * 1_000_000)
  }

  /// How near a certificate is to its end.
  package enum Validity: Sendable {
    case good
    case endsSoon
    case over
  }

  private static let warning: Int64 = 14 * 86_400 * 1_000_000

  /// - Returns: `endsSoon` for the last two weeks.
  package func validity(at now: Timestamp) -> Validity {
    let left = expiry.microseconds - now.microseconds
    return left <= 0 ? .over : left < TLSMaterial.warning ? .endsSoon : .good
  }

  /// What BoringSSL takes, and Ed25519, which it leaves out.
  private static let clientSignatures: [SignatureAlgorithm] = [
    .ecdsaSecp256R1Sha256, .rsaPssRsaeSha256, .rsaPkcs1Sha256, .ecdsaSecp384R1Sha384,
    .rsaPssRsaeSha384, .rsaPkcs1Sha384, .rsaPssRsaeSha512, .rsaPkcs1Sha512, .ed25519,
  ]

  private static func certificates(
    _ pem: [UInt8], _ what: String
  ) throws(UnusableTLSFile) -> [NIOSSLCertificate] {
    do {
      let certificates = try NIOSSLCertificate.fromPEMBytes(pem)
      if !certificates.isEmpty { return certificates }
    } catch {}
    throw UnusableTLSFile("the \(what) file holds no certificate in PEM, or a broken one")
  }
}

/// Why files won't do for TLS.
package struct UnusableTLSFile: Error, CustomStringConvertible {
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}
