import Testing
import TrustBudgetTesting

/// A certificate authority and keys to be signed, made by the real ssh-keygen.
struct SSHKeys: Sendable {
  let directory: TemporaryDirectory

  /// Makes an authority in a directory.
  init(in directory: TemporaryDirectory) async throws {
    self.directory = directory
    try await tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory.file("ca"))
  }

  var authority: String { directory.file("ca") }

  /// Makes a key pair.
  ///
  /// - Returns: the path of its public half.
  func makeKey(_ name: String = "id", type: String = "ed25519", bits: Int? = nil) async throws
    -> String
  {
    let path = directory.file(name)
    if let bits {
      try await tool(
        "ssh-keygen", "-q", "-t", type, "-b", "\(bits)", "-N", "", "-f", path)
    } else {
      try await tool("ssh-keygen", "-q", "-t", type, "-N", "", "-f", path)
    }
    return path + ".pub"
  }

  /// What ssh-keygen says of a certificate.
  struct Inspection {
    let serial: String
    let keyID: String
    let fingerprint: String
    let validAfter: String
    let validBefore: String
    let principals: [String]
  }

  /// Reads a certificate by `ssh-keygen -L`, and its key's fingerprint by `ssh-keygen -l`.
  static func inspect(_ certificate: String) async throws -> Inspection {
    let text = try await tool("ssh-keygen", "-L", "-f", certificate)
    let fingerprint = try await tool("ssh-keygen", "-l", "-f", certificate)
    let serial = try #require(text.firstMatch(of: /Serial: ([0-9]+)/))
    let keyID = try #require(text.firstMatch(of: /Key ID: "(.*)"/))
    let validity = try #require(text.firstMatch(of: /Valid: from (\S+) to (\S+)/))
    let principals = text.firstMatch(of: /Principals:\s*\n((?:\s{16}\S.*\n)*)/)
    return Inspection(
      serial: String(serial.1), keyID: String(keyID.1),
      fingerprint: try #require(fingerprint.firstMatch(of: /SHA256:\S+/).map { String($0.0) }),
      validAfter: "\(validity.1)Z", validBefore: "\(validity.2)Z",
      principals: (principals?.1 ?? "").split(whereSeparator: \.isWhitespace).map(String.init))
  }
}
