import AsyncHTTPClient
import Foundation
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
        try Self.certificates(try Self.contents(of: authorityFile), in: authorityFile))
    }
    if let certificateFile {
      let bytes = try Self.contents(of: certificateFile)
      configuration.certificateChain = try Self.certificates(bytes, in: certificateFile)
        .map { .certificate($0) }
      // One file that is both is read once: a pipe holds nothing the second time.
      let key = keyFile ?? certificateFile
      configuration.privateKey = .privateKey(
        try Self.key(
          key == certificateFile ? bytes : try Self.contents(of: key), in: key,
          isAlone: keyFile != nil))
      // Else it would show with the first connection only, and look like the node's mistake.
      guard (try? NIOSSLContext(configuration: configuration)) != nil else {
        throw UnusableFile(
          path: key,
          reason: "it is not the key of the certificate in \(certificateFile)")
      }
    }
    return Self.client(configuration)
  }

  /// A client that trusts whom the system trusts and shows nothing of its own, for as long as the process lives.
  public static let usual = client(.makeClientConfiguration())

  private static func client(_ configuration: TLSConfiguration) -> HTTPClient {
    var settings = HTTPClient.Configuration(tlsConfiguration: configuration)
    // TrustBudgetClient tries again itself, where that can help.
    settings.connectionPool.retryConnectionEstablishment = false
    // A charge that is followed elsewhere would be asked with GET, or be made by nobody knows whom.
    settings.redirectConfiguration = .disallow
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
  }

  /// What BoringSSL takes, and Ed25519, which it leaves out.
  private static let nodeSignatures: [SignatureAlgorithm] = [
    .ecdsaSecp256R1Sha256, .rsaPssRsaeSha256, .rsaPkcs1Sha256, .ecdsaSecp384R1Sha384,
    .rsaPssRsaeSha384, .rsaPkcs1Sha384, .rsaPssRsaeSha512, .rsaPkcs1Sha512, .ed25519,
  ]

  private static func certificates(
    _ bytes: [UInt8], in path: String
  ) throws -> [NIOSSLCertificate] {
    guard let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes), !certificates.isEmpty
    else {
      throw UnusableFile(path: path, reason: "it holds no certificate in PEM, or a broken one")
    }
    return certificates
  }

  /// - Parameter isAlone: whether the key has a file of its own.
  private static func key(
    _ bytes: [UInt8], in path: String, isAlone: Bool
  ) throws -> NIOSSLPrivateKey {
    guard let key = try? NIOSSLPrivateKey(bytes: bytes, format: .pem) else {
      throw UnusableFile(
        path: path,
        reason: "it holds no private key in PEM, or one with a passphrase"
          + (isAlone ? "" : "; where the key has a file of its own, name that as well"))
    }
    return key
  }

  private static func contents(of path: String) throws -> [UInt8] {
    do {
      return try ClientFile.contents(of: path)
    } catch {
      // The system's words, where Foundation only says that a file could not be opened.
      let cause = ((error as? CocoaError)?.underlying ?? error) as NSError
      throw UnusableFile(
        path: path,
        reason: cause.domain == NSPOSIXErrorDomain
          ? String(cString: strerror(Int32(cause.code))) : cause.localizedDescription)
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
