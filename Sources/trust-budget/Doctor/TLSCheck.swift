import ClaimedFile
import Foundation
import TrustBudget
import TrustBudgetServer

/// Looks at the files of a node's TLS: at each, and then at all together as the node reads them.
struct TLSCheck {
  let tls: TLSOptions

  var findings: [Finding] {
    if let problem = tls.problem {
      return [.problem("TLS", "\(problem).", "Name what is missing as well, or none of them.")]
    }
    let chain = "-----BEGIN CERTIFICATE-----"
    var findings: [Finding] = []
    if let certificate = tls.certificate {
      findings.append(pem("certificate", certificate, marker: chain))
    }
    if let key = tls.key { findings += privateKey(key) }
    if let clientAuthority = tls.clientAuthority {
      findings.append(pem("client CA", clientAuthority, marker: chain))
    }
    guard !findings.contains(where: { $0.status == .problem }), let certificate = tls.certificate,
      let key = tls.key
    else {
      return findings
    }
    do {
      let material = try TLSMaterial(
        certificate: [UInt8](ofNodeFile: certificate), key: [UInt8](ofNodeFile: key),
        clientAuthority: tls.clientAuthority.map { try [UInt8](ofNodeFile: $0) })
      return findings + expiry(of: material, certificate)
    } catch {
      return findings + [
        .problem(
          "TLS", "\(error)",
          "Give the key that \(certificate) was issued for, and all of them whole.")
      ]
    }
  }

  private func expiry(of material: TLSMaterial, _ path: String) -> [Finding] {
    let remedy = "Have it renewed; a node takes the new one within a few seconds."
    return switch material.validity(at: .wallClock()) {
    case .good: []
    case .endsSoon: [.warning("certificate", "\(path) expires at \(material.expiry).", remedy)]
    case .over: [.problem("certificate", "\(path) has expired at \(material.expiry).", remedy)]
    }
  }

  private func privateKey(_ path: String) -> [Finding] {
    var findings = [pem("key", path, marker: "PRIVATE KEY-----")]
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    if let permissions = (attributes?[.posixPermissions] as? NSNumber)?.intValue,
      permissions & 0o027 != 0
    {
      findings.append(
        .warning("key", "everybody may read \(path), or its group write it.", "chmod 640 \(path)"))
    }
    return findings
  }

  private func pem(_ subject: String, _ path: String, marker: String) -> Finding {
    guard case .file = FilePlace(path) else { return .noFile(subject, path) }
    do {
      let text = String(decoding: try [UInt8](ofNodeFile: path), as: UTF8.self)
      return text.contains(marker)
        ? .ok(subject, "\(path) can be read.")
        : .problem(
          subject, "\(path) holds no PEM with \(marker).",
          "Give the file that your certificate authority gave you, in PEM.")
    } catch {
      return .unreadable(subject, "\(error)")
    }
  }
}
