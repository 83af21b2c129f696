import AsyncHTTPClient
import Foundation
import NIOCore

/// The node gave no answer that can be used.
public struct Unreachable: Error, Sendable, CustomStringConvertible {
  /// The node's address.
  public let server: String
  /// What went wrong.
  public let reason: String
  /// Asking again, under the same id, may bring an answer: nothing has to be changed first.
  public let isTemporary: Bool
  /// The request may have arrived, so it may have been carried out, or may be yet. Asking again under
  /// the same id tells.
  public internal(set) var isOutcomeUnknown: Bool

  /// One sentence for people.
  public var description: String {
    "\(Self.name(of: server)) gave no answer: \(reason)"
      + (isOutcomeUnknown ? "; whether the request was carried out is not known" : "")
  }

  /// `unix:/path` for what only a URL writes as `http+unix://%2Fpath`; without a password, also in what is no
  /// address.
  private static func name(of server: String) -> String {
    let scheme = "http+unix://"
    let server = server.replacing(/\/\/.*@/, with: "//…@")
    guard server.hasPrefix(scheme) else { return server }
    let path = server.dropFirst(scheme.count)
    return "unix:\(path.removingPercentEncoding ?? String(path))"
  }

  init(server: String, reason: String, isTemporary: Bool = false) {
    self.server = server
    self.reason = reason
    self.isTemporary = isTemporary
    self.isOutcomeUnknown = false
  }

  /// What came says yes, but not to what: some proxy's page, or a newer node's words.
  init(server: String, unreadableStatus status: UInt) {
    self.server = server
    self.reason = "what came with HTTP status \(status) cannot be understood"
    self.isTemporary = false
    self.isOutcomeUnknown = true
  }

  /// - Parameter error: what sending failed with.
  init(server: String, _ error: any Error) {
    self.server = server
    (reason, isTemporary) = Unreachable.reason(error)
    isOutcomeUnknown =
      error is NIOTooManyBytesError || isTemporary && !Unreachable.isBeforeSending(error)
  }

  /// What keeps the HTTP client from sending, whenever it is asked.
  private static let mistakes: [HTTPClientError] = [
    .invalidURL, .emptyHost, .emptyScheme, .missingSocketPath, .alreadyShutdown,
    .invalidLocalAddress, .invalidProxyConfiguration, .invalidDNSOverridesConfiguration,
    .invalidHTTPVersionConfiguration, .invalidRedirectConfiguration,
  ]

  /// How long it may take to have a connection.
  private static let connectionTimeouts: [HTTPClientError] = [
    .connectTimeout, .tlsHandshakeTimeout, .socksHandshakeTimeout, .httpProxyHandshakeTimeout,
    .getConnectionFromPoolTimeout,
  ]

  /// Whether there was no connection to send anything on.
  private static func isBeforeSending(_ error: any Error) -> Bool {
    if let error = error as? HTTPClientError { return connectionTimeouts.contains(error) }
    if isUnknownHost(error) { return true }
    return code(of: error).map {
      [ECONNREFUSED, ENOENT, EACCES, ENETUNREACH, EHOSTUNREACH].contains($0)
    } ?? false
  }

  /// Whether nobody knows the server's name; NIO wraps that, too.
  private static func isUnknownHost(_ error: any Error) -> Bool {
    "\(error)".contains("UnknownHost")
  }

  /// The system's number for an error, which NIO wraps in several ways.
  private static func code(of error: any Error) -> Int32? {
    "\(error)".firstMatch(of: /errno: ([0-9]+)/).flatMap { Int32($0.1) }
  }

  /// What BoringSSL calls the alerts about a client's certificate.
  private static let refusals: Set<String> = [
    "SSLV3_ALERT_BAD_CERTIFICATE", "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
    "SSLV3_ALERT_CERTIFICATE_REVOKED", "SSLV3_ALERT_CERTIFICATE_EXPIRED",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN", "TLSV1_ALERT_UNKNOWN_CA", "TLSV1_ALERT_ACCESS_DENIED",
  ]

  private static func words(_ name: some StringProtocol) -> String {
    name.lowercased().replacing(/^(sslv3|tlsv1)_alert_/, with: "").replacing("_", with: " ")
  }

  /// The reason in words, where the library has only names for it: BoringSSL names a place in its own
  /// code.
  private static func reason(_ error: any Error) -> (String, isTemporary: Bool) {
    if let error = error as? HTTPClientError {
      return error == .deadlineExceeded
        ? ("none came in time", true)
        : (error.shortDescription.lowercased(), !mistakes.contains(error))
    }
    if error is NIOTooManyBytesError { return ("its answer is too long to be read", false) }
    let text = "\(error)"
    if let name = text.firstMatch(of: /SSL routines:OPENSSL_internal:([A-Z0-9_]+)/)?.1 {
      return switch name {
      case "CERTIFICATE_VERIFY_FAILED":
        ("its certificate has expired, or no CA that is trusted here has signed it", false)
      case "TLSV1_ALERT_CERTIFICATE_REQUIRED": ("it asks for a client certificate", false)
      // By these it speaks of our certificate, before it reads any request.
      case _ where refusals.contains(String(name)):
        ("it refuses this client's certificate: \(words(name))", false)
      case "WRONG_VERSION_NUMBER": ("it does not speak TLS", false)
      default: ("TLS failed: \(words(name))", true)
      }
    }
    if isUnknownHost(error) { return ("no such host is known here", true) }
    if let code = code(of: error) {
      return (String(cString: strerror(code)).lowercased(), true)
    }
    return (text, true)
  }
}
