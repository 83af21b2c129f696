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
      look: { warning.look(at: $0, now: now()) },
      read: { files in
        try TLSMaterial(
          certificate: files[0], key: files[1],
          clientAuthority: files.count > 2 ? files[2] : nil)
      })
  }

  func add(to registry: PrometheusRegistry) {
    registry.addGauge("trust_budget_tls_certificate_expiry_seconds") {
      self.current.expiry.secondsSince1970
    }
  }
}

/// Says once a day that a certificate is near its end, or past it.
private final class ExpiryWarning: Sendable {
  private static let day: Int64 = 86_400 * 1_000_000

  private let certificate: String
  private let logger: Logger
  /// What was said last: the expiry, and the days left.
  private let said = Mutex<(expiry: Timestamp, days: Int64)?>(nil)

  init(certificate: String, logger: Logger) {
    self.certificate = certificate
    self.logger = logger
  }

  func look(at material: TLSMaterial, now: Timestamp) {
    let validity = material.validity(at: now)
    if case .good = validity { return }
    let expiry = material.expiry
    let days = (expiry.microseconds - now.microseconds) / ExpiryWarning.day
    let isNew = said.withLock { said in
      let new = (expiry: expiry, days: validity == .over ? -1 : days)
      defer { said = new }
      return said?.expiry != new.expiry || said?.days != new.days
    }
    guard isNew else { return }
    let metadata: Logger.Metadata = ["file": "\(certificate)", "expiry": "\(expiry)"]
    if validity == .over {
      logger.error("TLS certificate has expired", metadata: metadata)
    } else {
      logger.warning("TLS certificate expires soon", metadata: metadata)
    }
  }
}
