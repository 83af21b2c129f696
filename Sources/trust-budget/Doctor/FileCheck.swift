import Foundation
import PolicyFile
import TrustBudget
import TrustBudgetServer

/// Looks at the files that a node reads and writes.
enum FileCheck {
  /// What a growing trail should find free, in bytes.
  private static let freeSpace: Int64 = 1 << 30

  static func policy(_ path: String) -> [Finding] {
    do {
      let policy = try Policy(yaml: Policy.bytes(ofNodeFile: path), fileName: path)
      let count = policy.rules.count == 1 ? "1 rule" : "\(policy.rules.count) rules"
      guard policy.warnings.all.isEmpty else {
        return policy.warnings.all.map {
          .warning("policy", "\($0)", "trust-budget policy check \(path)")
        }
      }
      return [.ok("policy", "\(path) has \(count).")]
    } catch let diagnostics as PolicyDiagnostics {
      let first = "\(diagnostics)".split(separator: "\n").first.map(String.init) ?? path
      return [.problem("policy", first, "trust-budget policy check \(path)")]
    } catch {
      return [unreadable("policy", "\(error)")]
    }
  }

  static func auditFile(_ path: String) -> [Finding] {
    let directory = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
    let files = FileManager.default
    guard files.fileExists(atPath: directory) else {
      return [
        .warning(
          "audit file", "\(directory) is not there yet.",
          "The node makes it; see that its user may: mkdir -p, chown.")
      ]
    }
    guard files.isWritableFile(atPath: directory) else {
      return [
        .problem(
          "audit file", "this user may not write in \(directory).",
          "SQLite writes files beside the one named: chown the directory to the node's user.")
      ]
    }
    let type = try? files.attributesOfItem(atPath: path)[.type] as? FileAttributeType
    if let type, type != .typeRegular, type != .typeSymbolicLink {
      return [.problem("audit file", "\(path) is no file.", "Name a file in it: --audit-file.")]
    }
    if files.fileExists(atPath: path), !files.isWritableFile(atPath: path) {
      return [.problem("audit file", "this user may not write \(path).", "chown or chmod it.")]
    }
    let attributes = try? files.attributesOfFileSystem(forPath: directory)
    guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.int64Value else {
      return [
        .warning("audit file", "the free space of \(directory) is not known.", "df \(directory)")
      ]
    }
    guard free >= freeSpace else {
      return [
        .warning(
          "audit file", "\(free >> 20) MiB are free in \(directory).",
          "Make room: charging goes on without the mirror, but the mirror stands still.")
      ]
    }
    return [.ok("audit file", "\(path) can be written, \(free >> 30) GiB are free.")]
  }

  /// The files of a node's TLS: each, and then both together as the node reads them.
  static func tls(certificate: String?, key: String?) -> [Finding] {
    guard (certificate == nil) == (key == nil) else {
      return [
        .problem(
          "TLS",
          "--tls-cert and --tls-key go together, and there is only \(certificate ?? key ?? "").",
          "Name the other one as well, or neither.")
      ]
    }
    let findings =
      (certificate.map {
        pem("certificate", $0, marker: "-----BEGIN CERTIFICATE-----")
      } ?? []) + (key.map(self.key) ?? [])
    guard !findings.contains(where: { $0.status == .problem }), let certificate, let key,
      let chain = FileManager.default.contents(atPath: certificate),
      let secret = FileManager.default.contents(atPath: key)
    else { return findings }
    do {
      _ = try TLSMaterial(certificate: Array(chain), key: Array(secret), clientAuthority: nil)
      return findings
    } catch {
      return findings + [
        .problem(
          "TLS", "\(error)", "Give the key that \(certificate) was issued for, and both whole.")
      ]
    }
  }

  private static func key(_ path: String) -> [Finding] {
    var findings = pem("key", path, marker: "PRIVATE KEY-----")
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    if let permissions = (attributes?[.posixPermissions] as? NSNumber)?.intValue,
      permissions & 0o077 != 0
    {
      findings.append(
        .warning("key", "others than its owner may read \(path).", "chmod 600 \(path)"))
    }
    return findings
  }

  private static func pem(_ subject: String, _ path: String, marker: String) -> [Finding] {
    do {
      let text = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
      return text.contains(marker)
        ? [.ok(subject, "\(path) can be read.")]
        : [
          .problem(
            subject, "\(path) holds no PEM with \(marker).",
            "Give the file that your certificate authority gave you, in PEM.")
        ]
    } catch {
      return [unreadable(subject, "\(path) cannot be read: \(error.systemReason)")]
    }
  }

  private static func unreadable(_ subject: String, _ problem: String) -> Finding {
    .problem(subject, problem, "Check the path, and that this user may read it.")
  }
}
