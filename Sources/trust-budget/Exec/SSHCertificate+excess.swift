import PolicyFile
import TrustBudget

extension SSHCertificate {
  /// The command decides what it signs; here it shows whether that is what was asked for.
  ///
  /// - Parameter path: where the certificate is.
  func noteExcess(over allowed: AllowedCertificate, path: String) {
    for excess in excess(over: allowed, at: .wallClock()) {
      Console.error("\(path) goes beyond what was allowed: \(excess)")
    }
  }

  /// What of it goes beyond what the node allowed, for a person; empty: nothing.
  ///
  /// Only the time from now on counts: authorities date certificates back, for clocks that differ.
  private func excess(over allowed: AllowedCertificate, at now: Timestamp) -> [String] {
    var excess: [String] = []
    if let limit = try? CertificateDuration(allowed.maxDuration) {
      if validBefore == .max {
        excess.append("it is valid for ever, and \(limit) was allowed")
      } else {
        let start = max(validAfter, UInt64(max(0, now.microseconds / 1_000_000)))
        let seconds = Int64(clamping: validBefore < start ? 0 : validBefore - start)
        if seconds > limit.seconds + SSHCertificate.clockDifference {
          let duration = (try? CertificateDuration(seconds: seconds)).map { "\($0)" }
          excess.append(
            "it is valid for \(duration ?? "more than ten years"), and \(limit) was allowed")
        }
      }
    }
    if principals.isEmpty {
      excess.append("it names no principal, which may let it in as any")
    }
    let names = Set(allowed.principals.map { Array($0.utf8) })
    let others = principals.filter { !names.contains(Array($0.utf8)) }
    if !others.isEmpty {
      excess.append("it names \(others.joined(separator: ", ")), which was not allowed")
    }
    return excess
  }

  /// Seconds by which an authority's clock may be ahead of this machine's.
  private static let clockDifference: Int64 = 60
}
