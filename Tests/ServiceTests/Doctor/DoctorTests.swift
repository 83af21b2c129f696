import BudgetLedger
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
        directory.file("none.pem"), "--audit-file", key + "/data/audit.db", "--database-url",
        "host=/nowhere dbname=x")
      #expect(end.status == 1)
      let findings = try findings(end)
      for subject in ["policy", "key", "certificate", "audit file", "database"] {
        #expect(findings[subject]?["status"] == "problem", "\(subject): \(end.output)")
        #expect(findings[subject]?["action"].text?.isEmpty == false)
      }
      #expect(findings["policy"]?["message"].text?.contains("policy.yaml:2:5") == true)
    }
  }

  @Test func `the files that a node has by default are looked at where there is a policy`()
    async throws
  {
    try await Undertaker.shared.withDirectory { directory in
      let policy = try directory.write(
        SamplePolicy.text + "\nbreak_glass: {principals: [root], max_duration: 1m}\n",
        to: "policy.yaml")
      func subjects(_ options: String...) async throws -> [String: JSON] {
        try findings(
          try await Program.run(
            ["doctor", "--json", "--database-url", "host=/nowhere dbname=x"] + options,
            by: [
              "/bin/sh", "-c", #"unset TRUST_BUDGET_AUDIT_FILE; cd "$0" && exec "$@""#,
              directory.path,
            ]
          ))
      }
      #expect(try await subjects()["audit file"] == nil)
      let found = try await subjects("--policy", policy)
      for subject in ["audit file", "break-glass journal"] {
        #expect(found[subject] != nil)
      }
      _ = try directory.write("no directory", to: "server")
      #expect(try await subjects("--policy", policy)["audit file"]?["status"] == "problem")
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

  @Test func `a file by another name as well is a problem`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let file = try directory.write("", to: "audit.db")
      #expect(link(file, directory.file("journal.db")) == 0)
      let end = try await Program.run(
        "doctor", "--json", "--audit-file", file, "--break-glass-journal",
        directory.file("journal.db"), "--database-url", "host=/nowhere dbname=x")
      for subject in ["audit file", "break-glass journal"] {
        let finding = try findings(end)[subject]
        #expect(finding?["status"] == "problem", "\(end.output)")
        #expect(finding?["message"].text?.hasSuffix("as well, a hard link.") == true)
      }
    }
  }

  @Test func `a file that a node would refuse, being another's, is a problem`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let end = try await Program.run(
        "doctor", "--json", "--audit-file", try directory.write("notes", to: "notes.txt"),
        "--break-glass-journal", try directory.write("more notes", to: "more.txt"),
        "--database-url", "host=/nowhere dbname=x")
      for subject in ["audit file", "break-glass journal"] {
        let finding = try findings(end)[subject]
        #expect(finding?["status"] == "problem", "\(end.output)")
        #expect(finding?["message"].text?.contains("was not made by this program") == true)
      }
    }
  }

  @Test(arguments: [
    ("0x54424146", 3, "is not an audit file of this program: its format is 3"),
    ("0x54424146", 9, "is not an audit file of this program: its format is 9"),
    ("0x54426267", 9, "is no break-glass journal of this program: it has format 9"),
    ("7", 1, "is not an audit file of this program: it is a database of another program"),
    ("7", 1, "is no break-glass journal of this program: it is another program's SQLite database"),
  ])
  func `a file of another format or program is a problem, in the node's words`(
    application: String, format: Int, words: String
  ) async throws {
    try await Undertaker.shared.withDirectory { directory in
      let file = directory.file("there.db")
      let pragmas = "PRAGMA application_id = \(application); PRAGMA user_version = \(format)"
      _ = try await tool("sqlite3", file, "\(pragmas); CREATE TABLE meta (x)")
      // Somebody put it in the place of a node's file.
      _ = try directory.write("", to: "there.db.lock")
      let isJournal = words.contains("journal")
      let end = try await Program.run(
        "doctor", "--json", isJournal ? "--break-glass-journal" : "--audit-file", file,
        "--database-url", "host=/nowhere dbname=x")
      let finding = try findings(end)[isJournal ? "break-glass journal" : "audit file"]
      #expect(finding?["status"] == "problem", "\(end.output)")
      #expect(
        finding?["message"].text?.contains("there.db: this \(words)") == true, "\(end.output)")
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

  @Test func `a migration that nodes can do without is still to come`() async throws {
    try await TestDatabase.withLedger { database in
      let down = try await Program.run(
        "migrate", "down", "--to", "6", "--database-url", database.connectionString)
      #expect(down.status == 0, "\(down.errors)")
      let end = try await Program.run(
        "doctor", "--json", "--database-url", database.connectionString)
      let finding = try findings(end)["schema"]
      #expect(finding?["status"] == "warning", "\(end.output)")
      #expect(finding?["message"].text?.contains("0007_ledger_database is still to come") == true)
    }
  }

  @Test func `a role that the server does not let in is no server that is away`() async throws {
    try await TestDatabase.withLedger { database in
      let end = try await Program.run(
        "doctor", "--json", "--database-url", "\(database.connectionString) user=nobody-at-all")
      let finding = try findings(end)["database"]
      #expect(end.status == 1)
      #expect(finding?["action"].text?.contains("pg_hba.conf") == true, "\(end.output)")
    }
  }

  @Test(arguments: [
    (["--listen", "127.0.0.1:0"], false), (["--listen", "192.0.2.1:8470"], true),
    (["--listen", "127.0.0.1:0", "--listen", "[2001:db8::1]:8470"], true),
    (["--listen", "192.0.2.1:8470", "--insecure"], false),
  ])
  func `a node that lets anybody charge is named`(options: [String], isNamed: Bool) async throws {
    let end = try await Program.run(
      ["doctor", "--json", "--auth", "none", "--database-url", "host=/nowhere dbname=x"] + options
    )
    #expect(try findings(end)["auth"]?["status"] == (isNamed ? "problem" : nil), "\(end.output)")
  }

  @Test(arguments: [(-1, "problem", "has expired at"), (3, "warning", "expires at")])
  func `a certificate that ends is named`(days: Int, status: String, message: String) async throws {
    try await Undertaker.shared.withDirectory { directory in
      let authority = try await CertificateAuthority(in: directory)
      let ending = try await authority.issue("ending", days: days)
      let roles = try directory.write(
        "clients:\n  - {san: \"dns:ca\", name: ca, roles: [issuer]}\n", to: "roles.yaml")
      let end = try await Program.run(
        "doctor", "--json", "--auth", "mtls", "--tls-roles", roles, "--tls-client-ca",
        authority.certificate, "--tls-cert", ending.certificate, "--tls-key", ending.key,
        "--database-url", "host=/nowhere dbname=x")
      let list = try JSON(parsing: Data(end.output.utf8))["findings"].list
      let finding = list.last { $0["subject"] == "certificate" }
      #expect(finding?["status"] == .init(stringLiteral: status), "\(end.output)")
      #expect(finding?["message"].text?.contains(message) == true)
      #expect(!list.contains { $0["subject"] == "auth" })
    }
  }

  @Test func `entries that PostgreSQL has lost, and the node's file has, are missed`() async throws
  {
    try await TestDatabase.withLedger { database in
      try await Undertaker.shared.withDirectory { directory in
        let policy = try directory.write(SamplePolicy.text, to: "policy.yaml")
        var file = ""
        try await RunningNode.with(on: database.connectionString, policy: policy) { node in
          #expect(try await node.authorize("dev-a").status == 200)
          // What is above a transaction of another test's is in none yet.
          file = try await wait(for: "an export of both entries") {
            let file = directory.file("audit-\(UUID()).db")
            let export = try await Program.run(
              "audit", "export", "--format", "sqlite", "--out", file, "--database-url",
              database.connectionString)
            #expect(export.status == 0, "\(export.errors)")
            let count = try await tool("sqlite3", file, "SELECT count(*) FROM audit_entries")
            return count == "2\n" ? file : nil
          }
        }
        func finding() async throws -> JSON? {
          let end = try await Program.run(
            "doctor", "--json", "--audit-file", file, "--database-url", database.connectionString)
          return try JSON(parsing: Data(end.output.utf8))["findings"].list
            .last { $0["subject"] == "audit file" }
        }
        #expect(try await finding()?["status"] != "problem")
        try await database.execute(
          """
          ALTER TABLE trust_budget.audit_entries DISABLE TRIGGER ALL;
          DELETE FROM trust_budget.audit_entries WHERE budget_seq > 1;
          ALTER TABLE trust_budget.audit_entries ENABLE TRIGGER ALL;
          """)
        let problem = try await finding()
        #expect(problem?["status"] == "problem")
        #expect(problem?["message"].text?.contains("lost the end of the trail") == true)
      }
    }
  }

  @Test func `a program that is to be told of emergencies, and is not there, is missed before`()
    async throws
  {
    try await Undertaker.shared.withDirectory { directory in
      let policy = try directory.write(
        """
        policies: []
        break_glass:
          principals: [root]
          max_duration: 5m
          notify: {command: [/nowhere/page]}
        """, to: "policy.yaml")
      let end = try await Program.run(
        "doctor", "--json", "--policy", policy, "--database-url", "host=/nowhere dbname=x")
      let notice = try findings(end)["break-glass notice"]
      #expect(notice?["status"] == "warning", "\(end.output)")
      #expect(notice?["message"].text?.contains("/nowhere/page") == true)
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

  @Test func `a standby is called one`() async throws {
    try await ReplicatedCluster.with { cluster in
      let end = try await Program.run(
        "doctor", "--json", "--database-url",
        cluster.database(on: cluster.standby).connectionString)
      #expect(end.status == 1)
      let findings = try findings(end)
      #expect(findings["server"]?["status"] == "problem", "\(end.output)")
      #expect(findings["server"]?["action"].text?.contains("Name all hosts in the URL") == true)
      #expect(findings["database"] == nil)
    }
  }

  @Test(arguments: [
    ("127.0.0.1:0", "ok", "can be listened at"), ("localhost:0", "ok", "can be listened at"),
    ("nosuch.invalid:0", "problem", "no such host is known here"),
    ("300.1.1.1:0", "problem", "no such host is known here"),
    ("203.0.113.1:0", "problem", "it is no address of this machine"),
  ])
  func `an address at which a node could not listen is a problem`(
    address: String, status: String, message: String
  ) async throws {
    let end = try await Program.run(
      "doctor", "--json", "--listen", address, "--database-url", "host=/nowhere dbname=x")
    let finding = try findings(end)["listen"]
    #expect(finding?["status"] == .init(stringLiteral: status), "\(end.output)")
    #expect(finding?["message"].text?.contains(message) == true, "\(end.output)")
  }

  @Test func `an address that is in use may be the node's own`() async throws {
    let server = try await TestDatabase.withLedger { database in
      try await Undertaker.shared.withDirectory { directory in
        let policy = try directory.write(SamplePolicy.text, to: "policy.yaml")
        return try await RunningNode.with(on: database.connectionString, policy: policy) { node in
          try await Program.run(
            "doctor", "--json", "--listen", "127.0.0.1:\(node.port)", "--database-url",
            "host=/nowhere dbname=x")
        }
      }
    }
    let finding = try findings(server)["listen"]
    #expect(finding?["status"] == "ok", "\(server.output)")
    #expect(finding?["message"].text?.contains("in use: by the node") == true)
  }

  @Test func `files that are in each other's way are a problem`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let policy = try directory.write(SamplePolicy.text, to: "policy.yaml")
      let end = try await Program.run(
        "doctor", "--json", "--policy", policy, "--audit-file", policy, "--break-glass-journal",
        directory.file("journal.db"), "--database-url", "host=/nowhere dbname=x")
      let finding = try findings(end)["files"]
      #expect(finding?["status"] == "problem", "\(end.output)")
      #expect(
        finding?["message"].text?.hasPrefix("--audit-file and --policy must be two files") == true)
    }
  }

  @Test func `an auditor is not told to become the service`() async throws {
    try await TestDatabase.withLedger { database in
      try await TestRole.with(in: database) { role in
        _ = try await MigrationRunner(connectionString: database.connectionString)
          .up(roles: LedgerRoles(auditor: role.name))
        let end = try await Program.run(
          "doctor", "--json", "--database-url", role.database.connectionString)
        let finding = try findings(end)["role"]
        #expect(finding?["status"] == "problem", "\(end.output)")
        #expect(finding?["action"].text?.contains("--service-role") == false)
      }
    }
  }

  @Test func `a file that is none of the node's is not shown where it holds a password`()
    async throws
  {
    try await Undertaker.shared.withDirectory { directory in
      let config = try directory.write(
        "database_url: postgresql://u:hunter2@db/x\n", to: "config.yaml")
      for command in [
        ["policy", "check", config], ["policy", "check", "--json", config],
        ["doctor", "--policy", config, "--database-url", "host=/nowhere dbname=x"],
        ["serve", "--policy", config, "--database-url", "host=/nowhere dbname=x"],
        [
          "doctor", "--auth", "mtls", "--tls-roles", config, "--database-url",
          "host=/nowhere dbname=x",
        ],
      ] {
        let end = try await Program.run(command)
        let text = end.output + end.errors
        #expect(text.contains("config.yaml"), "\(command): \(text)")
        #expect(!text.contains("hunter2"), "\(command): \(text)")
      }
    }
  }
}
