import Logging
import PrometheusExposition
import Synchronization
import TrustBudget

/// The files of a node's TLS; new connections use what they say now.
package typealias TLSFiles = WatchedFiles<TLSMaterial>

extension WatchedFiles<TLSMaterial> {
  /// Reads the files for the first time.
  ///
  /// - Parameters:
  ///   - clientAuthority: the file with the CA of the callers' certificates; nil: they need none.
  ///   - now: the wall clock, to say in time that the certificate expires.
  /// - Throws: `UnusableTLSFile` or `UnreadableFile`.
  package static func open(
    certificate: String, key: String, clientAuthority: String?,
    now: @escaping @Sendable () -> Timestamp, logger: Logger
  ) throws -> TLSFiles {
    let warning = ExpiryWarning(certificate: certificate, logger: logger)
    return try TLSFiles(
      "TLS", [certificate, key] + [clientAuthority].compactMap(\.self), logger: logger,
      look: { warning.look(at: $0.expiry, now: now()) },
      read: { files in
        try TLSMaterial(
          certificate: files[0], key: files[1],
          clientAuthority: files.count > 2 ? files[2] : nil)
      })
  }

  func add(to registry: PrometheusRegistry) {
    registry.addGauge("trust_budget_tls_certificate_expiry_seconds") {
      Double(self.current.expiry.microseconds) / 1_000_000
    }
  }
}

/// Says once a day that a certificate is near its end, or past it.
private final class ExpiryWarning: Sendable {
  private static let day: Int64 = 86_400 * 1_000_000
  private static let horizonDays: Int64 = 14

  private let certificate: String
  private let logger: Logger
  /// What was said last: the expiry, and the days left.
  private let said = Mutex<(expiry: Timestamp, days: Int64)?>(nil)

  init(certificate: String, logger: Logger) {
    self.certificate = certificate
    self.logger = logger
  }

  func look(at expiry: Timestamp, now: Timestamp) {
    let left = expiry.microseconds - now.microseconds
    let days = left > 0 ? left / ExpiryWarning.day : -1
    guard days < ExpiryWarning.horizonDays else { return }
    let isNew = said.withLock { said in
      defer { said = (expiry, days) }
      return said?.expiry != expiry || said?.days != days
    }
    guard isNew else { return }
    let metadata: Logger.Metadata = ["file": "\(certificate)", "expiry": "\(expiry)"]
    if left > 0 {
      logger.warning("TLS certificate expires soon", metadata: metadata)
    } else {
      logger.error("TLS certificate has expired", metadata: metadata)
    }
  }
}
