import Foundation
import Testing
import TrustBudgetTesting

/// `trust-budget doctor` finds what is wrong, says what to do, and leaves everything as it is.
struct DoctorTests {
  private func findings(_ end: RunningProgram.End) throws -> [String: JSON] {
    let list = try JSON(parsing: Data(end.output.utf8))["findings"].list
    return Dictionary(list.map { ($0["subject"].text ?? "", $0) }) { first, _ in first }
  }

  @Test func `a sound ledger has no problem`() async throws {
    try await TestDatabase.withLedger { database in
      try await Undertaker.shared.withDirectory { directory in
        let policy = try directory.write(SamplePolicy.text, to: "policy.yaml")
        let end = try await Program.run(
          "doctor", "--json", "--policy", policy, "--audit-file", directory.file("audit.db"),
          "--database-url", database.connectionString)
        let findings = try findings(end)
        #expect(end.status == 0, "\(end.output)\(end.errors)")
        for subject in ["policy", "server", "schema", "clock", "horizon"] {
          #expect(findings[subject]?["status"] == "ok", "\(subject): \(end.output)")
        }
        #expect(findings["audit file"] != nil)
        #expect(findings["connections"]?["message"].text?.hasSuffix("opens up to 12.") == true)
        // The tests' server is in a hurry, and nodes are not; and they connect as the owner.
        #expect(findings["synchronous_commit"]?["message"].text?.hasPrefix("off for ") == true)
        #expect(findings["role"]?["status"] == "warning")
        #expect(findings["role"]?["action"].text?.contains("docs/dba.md") == true)
        #expect(try await database.entryCounts() == [:])

        let text = try await Program.run("doctor", "--database-url", database.connectionString)
        #expect(text.output.contains("ok       schema: ledger "))
        #expect(text.output.contains("          -> "))
      }
    }
  }

  @Test func `each thing that is wrong is named, with what to do`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let policy = try directory.write("policies:\n  - nome: x\n", to: "policy.yaml")
      let key = try directory.write("nothing", to: "key.pem")
      let end = try await Program.run(
        "doctor", "--json", "--policy", policy, "--tls-key", key, "--tls-cert",
        directory.file("none.pem"), "--audit-file", "/proc/nowhere/audit.db", "--database-url",
        "host=/nowhere dbname=x")
      #expect(end.status == 1)
      let findings = try findings(end)
      for subject in ["policy", "key", "certificate", "database"] {
        #expect(findings[subject]?["status"] == "problem", "\(subject): \(end.output)")
        #expect(findings[subject]?["action"].text?.isEmpty == false)
      }
      #expect(findings["policy"]?["message"].text?.contains("policy.yaml:2:5") == true)
      #expect(findings["audit file"]?["status"] == "warning")
    }
  }

  @Test func `what is there and cannot serve is not called an address that is wrong`() async throws
  {
    try await TestDatabase.withLedger { database in
      try await Undertaker.shared.withDirectory { directory in
        let role = "nobody_\(UUID().uuidString.prefix(8).lowercased())"
        try await database.execute("CREATE ROLE \(role) LOGIN")
        let end = try await Program.run(
          "doctor", "--json", "--audit-file", directory.file(""), "--database-url",
          database.connectionString + " user='\(role)'")
        try await database.execute("DROP ROLE \(role)")
        #expect(end.status == 1)
        let findings = try findings(end)
        #expect(findings["database"]?["message"].text?.contains("permission denied") == true)
        #expect(findings["database"]?["action"].text?.contains("docs/dba.md") == true)
        #expect(findings["audit file"]?["message"].text?.hasSuffix("is no file.") == true)
      }
    }
  }

  @Test(arguments: [
    ("DROP INDEX trust_budget.audit_entries_tail", "audit_entries_tail"),
    (
      "ALTER TABLE trust_budget.audit_entries DISABLE TRIGGER audit_entries_are_append_only",
      "audit_entries_are_append_only"
    ),
  ])
  func `what the migrations made and somebody changed is found`(change: String, name: String)
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.execute(change)
      let end = try await Program.run(
        "doctor", "--json", "--database-url", database.connectionString)
      let schema = try findings(end)["schema"]
      #expect(schema?["status"] == "warning", "\(end.output)")
      #expect(schema?["message"].text?.contains(name) == true)
    }
  }

  @Test func `what serve would refuse is a problem`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let authority = try await CertificateAuthority(in: directory)
      let (one, other) = (try await authority.issue("one"), try await authority.issue("other"))
      let config = try directory.write("auth: none\nlisten: 192.0.2.1:8470\n", to: "config.yaml")
      let end = try await Program.run(
        "doctor", "--json", "--config", config, "--tls-cert", one.certificate, "--tls-key",
        other.key, "--database-url", "host=/nowhere dbname=x")
      let findings = try findings(end)
      #expect(findings["key"]?["status"] == "ok")
      #expect(
        findings["TLS"]?["message"].text?.contains("does not belong") == true, "\(end.output)")
      #expect(findings["auth"]?["message"].text?.contains("would let anybody charge") == true)
    }
  }

  @Test
  func `what a node needs for its callers' certificates, its socket and emergencies is looked at`()
    async throws
  {
    try await Undertaker.shared.withDirectory { directory in
      let authority = try await CertificateAuthority(in: directory)
      let good = try await authority.issue("good")
      let roles = try directory.write(
        "clients:\n  - {san: \"dns:ca\", name: ca, roles: [issuer]}\n", to: "roles.yaml")
      let config = try directory.write(
        """
        auth: mtls
        tls_cert: \(good.certificate)
        tls_key: \(good.key)
        tls_client_ca: \(authority.certificate)
        tls_roles: \(roles)
        break_glass_journal: \(directory.file("journal.db"))
        """, to: "config.yaml")
      let subjects = ["client CA", "client roles", "break-glass journal"]
      let sound = try findings(
        try await Program.run(
          "doctor", "--json", "--config", config, "--database-url", "host=/nowhere dbname=x"))
      for subject in subjects {
        // A journal's disk may be nearly full here.
        #expect(sound[subject]?["status"] != "problem" && sound[subject] != nil, "\(subject)")
      }
      #expect(sound["auth"] == nil)
      let bad = try directory.write(
        "clients:\n  - {san: \"dns:ca\", name: ca, roles: [owner]}\n", to: "bad.yaml")
      let ill = try findings(
        try await Program.run(
          "doctor", "--json", "--config", config, "--tls-client-ca", good.key, "--tls-roles", bad,
          "--unix-socket", config, "--break-glass-journal", directory.file(""), "--database-url",
          "host=/nowhere dbname=x"))
      for subject in subjects + ["Unix socket", "auth"] {
        #expect(ill[subject]?["status"] == "problem", "\(subject): \(ill)")
      }
      #expect(ill["client roles"]?["message"].text?.contains("bad.yaml:2:") == true)
    }
  }

  @Test(arguments: ["--tls-cert", "--tls-key"])
  func `half of what TLS needs is a problem, as it is for serve`(option: String) async throws {
    try await Undertaker.shared.withDirectory { directory in
      let good = try await CertificateAuthority(in: directory).issue("good")
      let end = try await Program.run(
        "doctor", "--json", option, option == "--tls-key" ? good.key : good.certificate,
        "--database-url", "host=/nowhere dbname=x")
      let message = try findings(end)["TLS"]?["message"].text
      #expect(message?.hasPrefix("--tls-cert and --tls-key go together") == true, "\(end.output)")
    }
  }

  @Test func `a database without the schema, and a transaction that stays open, are found`()
    async throws
  {
    try await TestDatabase.withEmptyDatabase { database in
      let end = try await Program.run(
        "doctor", "--json", "--database-url", database.connectionString)
      #expect(end.status == 1)
      #expect(try findings(end)["schema"]?["action"].text?.contains("migrate up") == true)
    }
  }
}
