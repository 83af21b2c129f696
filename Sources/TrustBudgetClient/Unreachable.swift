import AsyncHTTPClient
import Foundation

/// The node gave no answer that can be used.
public struct Unreachable: Error, Sendable, CustomStringConvertible {
  /// The node's address.
  public let server: String
  /// What went wrong.
  public let reason: String
  /// Asking again, under the same id, may bring an answer: nothing has to be changed first. Whether
  /// the request arrived is not known.
  public let isTemporary: Bool

  /// One sentence for people.
  public var description: String { "\(server) gave no answer: \(reason)" }

  init(server: String, reason: String, isTemporary: Bool = false) {
    self.server = server
    self.reason = reason
    self.isTemporary = isTemporary
  }

  /// - Parameter error: what sending failed with.
  init(server: String, _ error: any Error) {
    self.server = server
    (reason, isTemporary) = Unreachable.reason(error)
  }

  /// The reason in words, where the library has only names for it: BoringSSL names a place in its own
  /// code.
  private static func reason(_ error: any Error) -> (String, isTemporary: Bool) {
    if let error = error as? HTTPClientError {
      return error == .deadlineExceeded
        ? ("none came in time", true) : (error.shortDescription.lowercased(), true)
    }
    let text = "\(error)"
    if let name = text.firstMatch(of: /SSL routines:OPENSSL_internal:([A-Z0-9_]+)/)?.1 {
      return switch name {
      case "CERTIFICATE_VERIFY_FAILED":
        ("its certificate has expired, or no CA that is trusted here has signed it", false)
      case "TLSV1_ALERT_CERTIFICATE_REQUIRED": ("it asks for a client certificate", false)
      case "WRONG_VERSION_NUMBER": ("it does not speak TLS", false)
      default: ("TLS failed: \(name.lowercased().replacing("_", with: " "))", true)
      }
    }
    if let code = text.firstMatch(of: /errno: ([0-9]+)/).flatMap({ Int32($0.1) }) {
      return (String(cString: strerror(code)).lowercased(), true)
    }
    return (text, true)
  }
}
