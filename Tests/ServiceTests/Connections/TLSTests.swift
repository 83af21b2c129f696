import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import Testing
import TrustBudgetClient
import TrustBudgetTesting

/// TLS and client certificates, over the wire.
struct TLSTests {
  /// A node with TLS, and the authority that its certificate comes from.
  private struct Secured {
    let node: RunningNode
    let authority: CertificateAuthority
    let server: CertificateAuthority.Issued
    let directory: TemporaryDirectory
    let port: String

    /// - Returns: the status, or -1 when there was no connection.
    func status(
      _ path: String = "/v1/budgets", as client: CertificateAuthority.Issued? = nil
    ) async throws -> Int {
      try await answer(path, client)?.status ?? -1
    }

    func body(
      _ path: String, as client: CertificateAuthority.Issued? = nil
    ) async throws -> String {
      try await answer(path, client)?.body ?? ""
    }

    /// Asks on a connection of its own.
    private func answer(
      _ path: String, _ client: CertificateAuthority.Issued?
    ) async throws -> (status: Int, body: String)? {
      var tls = TLSConfiguration.makeClientConfiguration()
      tls.trustRoots = .file(authority.certificate)
      if let client {
        tls.certificateChain = try NIOSSLCertificate.fromPEMFile(client.certificate)
          .map { .certificate($0) }
        tls.privateKey = try .privateKey(NIOSSLPrivateKey(file: client.key, format: .pem))
      }
      let http = HTTPClient(
        eventLoopGroupProvider: .singleton, configuration: .init(tlsConfiguration: tls))
      var answer: (status: Int, body: String)?
      do {
        let request = HTTPClientRequest(url: "https://127.0.0.1:\(port)\(path)")
        let response = try await http.execute(request, timeout: .seconds(20))
        let body = String(buffer: try await response.body.collect(upTo: 1 << 20))
        answer = (Int(response.status.code), body)
      } catch {}
      try await http.shutdown()
      return answer
    }

    /// The serial number of the certificate that the node shows to a new connection.
    func serial() async throws -> String {
      let script = """
        openssl s_client -connect 127.0.0.1:\(port) </dev/null 2>/dev/null \
          | openssl x509 -noout -serial
        """
      return try await tool("sh", "-c", script)
    }
  }

  private func withTLS(
    roles: String? = nil, keys: CertificateAuthority.Algorithm = .p256,
    body: (Secured) async throws -> Void
  ) async throws {
    try await Service.withGround { database, directory in
      let authority = try await CertificateAuthority(in: directory, algorithm: keys)
      let server = try await authority.issue("server")
      var options = [
        "--tls-cert", server.certificate, "--tls-key", server.key, "--audit-file",
        directory.file("audit.db"),
      ]
      if let roles {
        options += [
          "--tls-client-ca", authority.certificate, "--auth", "mtls", "--tls-roles",
          try directory.write(roles, to: "roles.yaml"),
        ]
      }
      try await RunningNode.with(
        on: database.connectionString,
        policy: try directory.write(SamplePolicy.text, to: "policy.yaml"), options
      ) { node in
        try await body(
          Secured(
            node: node, authority: authority, server: server, directory: directory,
            port: "\(node.port)"))
      }
    }
  }

  @Test func `a node with a certificate answers over TLS, and nothing over plain HTTP`()
    async throws
  {
    try await withTLS { secured in
      #expect(try await secured.status("/healthz") == 200)
      let plain = try Socket(to: secured.node)
      plain.send("GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
      #expect(await plain.answer()?.contains("HTTP/1.1 200") != true)
      let metrics = try await secured.body("/metrics")
      let expiry = metrics.firstMatch(of: /certificate_expiry_seconds ([0-9.e+]+)/)
        .flatMap { Double($0.1) }
      let days = ((expiry ?? 0) - Date().timeIntervalSince1970) / 86_400
      #expect((29...31).contains(days))
    }
  }

  @Test func `a certificate replaced on disk is shown to new connections, and no request is lost`()
    async throws
  {
    try await withTLS { secured in
      let first = try await secured.serial()
      var tls = TLSConfiguration.makeClientConfiguration()
      tls.trustRoots = .file(secured.authority.certificate)
      let http = HTTPClient(
        eventLoopGroupProvider: .singleton, configuration: .init(tlsConfiguration: tls))
      func ask() async throws -> UInt {
        let request = HTTPClientRequest(url: "https://127.0.0.1:\(secured.port)/healthz")
        let response = try await http.execute(request, timeout: .seconds(20))
        _ = try await response.body.collect(upTo: 1 << 16)
        return response.status.code
      }
      #expect(try await ask() == 200)
      let next = try await secured.authority.issue("next")
      // One file after the other, as a renewal does it.
      try replace(secured.server.certificate, by: next.certificate)
      try replace(secured.server.key, by: next.key)
      try await wait(for: "the new certificate") {
        #expect(try await ask() == 200)
        return try await secured.serial() != first
      }
      #expect(try await ask() == 200)

      // What is broken is complained of, and nothing changes.
      let second = try await secured.serial()
      for (file, text) in [
        (secured.server.certificate, "-----BEGIN CERTIFICATE-----\nno\n"),
        (secured.server.key, "no key"),
      ] {
        let before = try String(contentsOfFile: file, encoding: .utf8)
        let complaints = secured.node.program.errors.ranges(of: "files not loaded").count
        try Data(text.utf8).write(to: URL(filePath: file), options: .atomic)
        try await wait(for: "a complaint") {
          secured.node.program.errors.ranges(of: "files not loaded").count > complaints
        }
        #expect(try await secured.serial() == second)
        #expect(try await secured.status("/healthz") == 200)
        try Data(before.utf8).write(to: URL(filePath: file), options: .atomic)
      }
      // A key of another certificate, and no file at all.
      try replace(secured.server.key, by: try await secured.authority.issue("other").key)
      try await wait(for: "a complaint of the key") {
        secured.node.program.errors.contains("the key does not belong to the certificate")
      }
      try FileManager.default.removeItem(atPath: secured.server.key)
      try await wait(for: "a complaint of the missing file") {
        secured.node.program.errors.contains("cannot be read")
      }
      #expect(try await ask() == 200)
      #expect(try await secured.serial() == second)
      try await http.shutdown()
    }
  }

  private func replace(_ file: String, by other: String) throws {
    try Data(contentsOf: URL(filePath: other)).write(to: URL(filePath: file), options: .atomic)
  }

  @Test func `a certificate near its end, and past it, is warned of`() async throws {
    try await withTLS { secured in
      let soon = try await secured.authority.issue("soon", days: 5)
      try replace(secured.server.certificate, by: soon.certificate)
      try replace(secured.server.key, by: soon.key)
      try await wait(for: "a warning") {
        secured.node.program.errors.contains("TLS certificate expires soon")
      }
      let late = try await secured.authority.issue("late", days: -1)
      try replace(secured.server.certificate, by: late.certificate)
      try replace(secured.server.key, by: late.key)
      try await wait(for: "an error") {
        secured.node.program.errors.contains("TLS certificate has expired")
      }
    }
  }

  private static let roles = """
    clients:
      - {san: "dns:ca-1.example.com", name: ca-1, roles: [issuer]}
      - {san: "uri:spiffe://example.com/audit", name: audit, roles: [auditor]}
      - {san: "email:Admin@example.com", name: admin, roles: [admin]}
      - {san: "cn:by its common name", name: common, roles: [auditor]}
      - {san: "cn:Kate", name: kate, roles: [auditor]}
    """

  @Test(.enabled(if: FileLease.isPossible, "the file system has no leases"))
  func `a disk that hangs under whatever a node looks at holds up no caller`() async throws {
    try await withTLS(roles: "clients: []") { secured in
      let client = try await secured.authority.issue("client")
      let files = [
        secured.directory.file("policy.yaml"), secured.directory.file("roles.yaml"),
        secured.server.certificate, secured.directory.file("audit.db.lock"),
      ]
      let leases = files.compactMap { FileLease(replacing: $0) }
      defer { for lease in leases { lease.end() } }
      try #require(leases.count == files.count)
      for (lease, file) in zip(leases, files) {
        try await wait(for: "the node to look at \(file)") { lease.isAwaited }
      }
      #expect(try await secured.status("/healthz", as: client) == 200)
    }
  }

  @Test func `a client certificate's name decides what its holder may do`() async throws {
    try await withTLS(roles: Self.roles) { secured in
      let authority = secured.authority
      let issuer = try await authority.issue("issuer", alternatives: "DNS:CA-1.example.com")
      let auditor = try await authority.issue(
        "auditor", alternatives: "URI:spiffe://example.com/audit")
      let admin = try await authority.issue("admin", alternatives: "email:admin@EXAMPLE.com")
      let common = try await authority.issue("by its common name", alternatives: "DNS:else")
      // The sign of the kelvin in the place of the letter: Swift takes the two for one.
      let lookalike = try await authority.issue("\u{212A}ate", alternatives: "DNS:else")
      let stranger = try await authority.issue("stranger", alternatives: "DNS:ca-2.example.com")
      #expect(try await secured.status(as: issuer) == 403)
      #expect(try await secured.status(as: auditor) == 200)
      #expect(try await secured.status(as: admin) == 200)
      #expect(try await secured.status(as: common) == 200)
      #expect(try await secured.status(as: lookalike) == 401)
      #expect(try await secured.status(as: stranger) == 401)
      #expect(try await secured.body("/v1/budgets", as: stranger).contains("dns:ca-2.example.com"))
      let exec = try await Program.run(
        "exec", "--server", "https://127.0.0.1:\(secured.port)", "--ca-file",
        authority.certificate, "--client-cert", issuer.certificate, "--client-key", issuer.key,
        "--username", "dev-a", "--", "true")
      #expect(exec.status == 0, "\(exec.errors)")
      #expect(try await secured.body("/v1/budgets/user:dev-a/entries", as: admin).contains("ca-1"))
      // From pipes, each of which can be read once.
      for (script, files) in [
        (
          #"cat "$CA" | "$0" "$@""#,
          ["--ca-file", "/dev/stdin", "--client-cert", issuer.certificate]
            + ["--client-key", issuer.key]
        ),
        (
          #"cat "$CERTIFICATE" "$KEY" | "$0" "$@""#,
          ["--ca-file", authority.certificate, "--client-cert", "/dev/stdin"]
        ),
      ] {
        let piped = try await Program.run(
          ["exec", "--server", "https://127.0.0.1:\(secured.port)", "--username", "dev-piped"]
            + files + ["--", "true"],
          environment: [
            "CA": authority.certificate, "CERTIFICATE": issuer.certificate, "KEY": issuer.key,
          ], by: ["/bin/sh", "-c", script]
        )
        #expect(piped.status == 0, "\(piped.errors)")
      }
      // Nobody gets as far as HTTP without a certificate, with another authority's, or an old one.
      #expect(try await secured.status() == -1)
      try await Undertaker.shared.withDirectory { elsewhere in
        let other = try await CertificateAuthority(in: elsewhere)
        let forged = try await other.issue("forged", alternatives: "DNS:ca-1.example.com")
        #expect(try await secured.status(as: forged) == -1)
      }
      let old = try await authority.issue(
        "old", alternatives: "URI:spiffe://example.com/audit", days: -1)
      #expect(try await secured.status(as: old) == -1)

      // The file is read again, and kept when it is broken.
      try secured.directory.write("clients: [{san: x}]\n", to: "roles.yaml")
      try await wait(for: "a complaint") {
        secured.node.program.errors.contains("files not loaded")
      }
      #expect(try await secured.status(as: auditor) == 200)
      try secured.directory.write(
        #"clients: [{san: "dns:ca-2.example.com", name: ca-2, roles: [auditor]}]"#,
        to: "roles.yaml")
      try await wait(for: "the new roles") { try await secured.status(as: stranger) == 200 }
      #expect(try await secured.status(as: auditor) == 401)
    }
  }

  @Test(arguments: CertificateAuthority.Algorithm.allCases)
  func `certificates of every usual kind of key do, on either side`(
    keys: CertificateAuthority.Algorithm
  ) async throws {
    try await withTLS(roles: Self.roles, keys: keys) { secured in
      let issuer = try await secured.authority.issue(
        "issuer", alternatives: "DNS:CA-1.example.com")
      let server = ["exec", "--server", "https://127.0.0.1:\(secured.port)", "--username", "dev-a"]
      let trusting = server + ["--ca-file", secured.authority.certificate]
      let named = ["--client-cert", issuer.certificate, "--client-key", issuer.key]
      let old = try await secured.authority.issue("old", days: -1)
      let ended = ["--client-cert", old.certificate, "--client-key", old.key]
      for (arguments, status, message) in [
        (trusting + named, 0, "user:dev-a paid 1"),
        (trusting, 1, "it asks for a client certificate"),
        (trusting + ended, 1, "it refuses this client's certificate: certificate expired\n"),
        (server + named, 1, "its certificate has expired, or no CA that is trusted here"),
      ] {
        let end = try await Program.run(arguments + ["--", "true"])
        #expect(end.status == status, "\(end.errors)")
        #expect(end.errors.contains(message), "\(end.errors)")
      }
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func `a client that does not trust a node does not try again`() async throws {
    try await withTLS { secured in
      let http = try TransportSecurity().httpClient()
      let client = TrustBudgetClient(
        server: "https://127.0.0.1:\(secured.port)", http: http, patience: .seconds(3_600))
      await #expect(throws: Unreachable.self) { try await client.refund("1", reason: "no use") }
      try await http.shutdown()
    }
  }

  @Test func `files that won't do for TLS are named at the start`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let authority = try await CertificateAuthority(in: directory)
      let good = try await authority.issue("good")
      let other = try await authority.issue("other")
      let policy = try directory.write(SamplePolicy.text, to: "policy.yaml")
      for (certificate, key, message) in [
        (good.certificate, other.key, "the key does not belong to the certificate"),
        (
          "/nowhere/cert.pem", good.key,
          "/nowhere/cert.pem cannot be read: No such file or directory"
        ),
        (good.key, good.key, "holds no certificate"),
        (good.certificate, good.certificate, "the key is no private key"),
      ] {
        let end = try await Program.run(
          "serve", "--policy", policy, "--listen", "127.0.0.1:0", "--auth", "none", "--tls-cert",
          certificate, "--tls-key", key, "--database-url", "postgresql:///none")
        #expect(end.status == 1)
        #expect(end.errors.contains(message), "\(end.errors)")
      }
    }
  }
}
