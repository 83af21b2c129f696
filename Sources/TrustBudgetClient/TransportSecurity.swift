import AsyncHTTPClient
import NIOSSL

/// How a client knows its node, and shows who it is itself, over TLS.
public struct TransportSecurity: Sendable {
  /// The file with the certificates that sign the node's, PEM; nil: those that the system trusts.
  public var authorityFile: String?
  /// The client's own certificate chain, PEM; nil: none.
  public var certificateFile: String?
  /// The private key of ``certificateFile``, PEM; nil: it is in the same file.
  public var keyFile: String?

  /// - Parameters:
  ///   - authorityFile: the certificates that sign the node's.
  ///   - certificateFile: the client's own.
  ///   - keyFile: its private key.
  public init(
    authorityFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil
  ) {
    self.authorityFile = authorityFile
    self.certificateFile = certificateFile
    self.keyFile = keyFile
  }

  /// An HTTP client for ``TrustBudgetClient`` that uses these files. Whoever makes it shuts it down.
  ///
  /// - Throws: ``UnusableFile`` for one that is missing or broken.
  public func httpClient() throws -> HTTPClient {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.verifySignatureAlgorithms = Self.nodeSignatures
    if let authorityFile {
      configuration.trustRoots = .certificates(
        try Self.reading(authorityFile) { try NIOSSLCertificate.fromPEMFile($0) })
    }
    if let certificateFile {
      configuration.certificateChain = try Self.reading(certificateFile) {
        try NIOSSLCertificate.fromPEMFile($0).map { .certificate($0) }
      }
      configuration.privateKey = try Self.reading(keyFile ?? certificateFile) {
        .privateKey(try NIOSSLPrivateKey(file: $0, format: .pem))
      }
    }
    var settings = HTTPClient.Configuration(tlsConfiguration: configuration)
    // TrustBudgetClient tries again itself, where that can help.
    settings.connectionPool.retryConnectionEstablishment = false
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
  }

  /// What BoringSSL takes, and Ed25519, which it leaves out.
  private static let nodeSignatures: [SignatureAlgorithm] = [
    .ecdsaSecp256R1Sha256, .rsaPssRsaeSha256, .rsaPkcs1Sha256, .ecdsaSecp384R1Sha384,
    .rsaPssRsaeSha384, .rsaPkcs1Sha384, .rsaPssRsaeSha512, .rsaPkcs1Sha512, .ed25519,
  ]

  private static func reading<Content>(
    _ path: String, _ read: (String) throws -> Content
  ) throws -> Content {
    do {
      return try read(path)
    } catch {
      throw UnusableFile(path: path, reason: "\(error)")
    }
  }
}

/// A file that does not hold what TLS needs of it.
public struct UnusableFile: Error, Sendable, CustomStringConvertible {
  /// Which file.
  public let path: String
  /// What went wrong.
  public let reason: String

  /// One sentence for people.
  public var description: String { "\(path) cannot be used for TLS: \(reason)" }
}
