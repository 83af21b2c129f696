import Testing
import TrustBudgetTesting

/// Help, version, and wrong usage: what every command has.
struct HelpTests {
  @Test func `every command has help with an example`() async throws {
    var commands: [[String]] = [[]]
    var seen = 0
    while let command = commands.popLast() {
      let end = try await Program.run(command + ["--help"])
      #expect(end.status == 0, "\(command)")
      #expect(end.errors == "", "\(command)")
      #expect(end.output.contains("USAGE: trust-budget"), "\(command)")
      #expect(
        end.output.contains(/(?m)(Example: |^ +)trust-budget [a-z]/), "\(command): \(end.output)")
      commands += subcommands(in: end.output).map { command + [$0] }
      seen += 1
    }
    #expect(seen > 15)
  }

  /// The names below `SUBCOMMANDS:`.
  private func subcommands(in help: String) -> [String] {
    guard let heading = help.firstRange(of: "SUBCOMMANDS:\n") else { return [] }
    return help[heading.upperBound...].split(separator: "\n", omittingEmptySubsequences: false)
      .prefix { $0.hasPrefix("  ") }
      .compactMap { $0.firstMatch(of: /^  ([a-z-]+)/).map { String($0.1) } }
      .filter { $0 != "help" }
  }

  @Test func `the version is printed, for people and for programs`() async throws {
    let plain = try await Program.run("version")
    #expect(plain.status == 0)
    let version = try #require(plain.output.wholeMatch(of: /trust-budget ([0-9.]+)\n/)).1
    #expect(try await Program.run("--version").output == plain.output)
    let json = try await Program.run("version", "--json")
    #expect(json.json == ["version": .text(String(version))])
  }

  @Test(
    arguments: [
      [], ["nonsense"], ["serve"], ["serve", "--auth", "none"], ["policy"], ["policy", "check"],
      ["migrate"], ["migrate", "sideways"], ["budget"], ["budget", "show"],
      ["budget", "list", "--limit", "0"], ["budget", "list", "--limit", "many"],
      ["budget", "list", "--status", "odd"], ["budget", "show", ""],
      ["budget", "show", "a\nb"], ["budget", "adjust", "u", "5"],
      ["budget", "adjust", "u", "many", "--reason", "x"],
      ["budget", "adjust", "u", "0", "--reason", "x"],
      ["budget", "adjust", "u", "9007199254740992", "--reason", "x"],
      ["budget", "adjust", "u", "5", "--reason", ""],
      ["budget", "adjust", "u", "5", "--reason", "x", "--request-id", "a b"],
      ["budget", "reset", "u"], ["exec", "--username", "a"], ["exec", "--", "true"],
      ["exec", "--username", "", "--", "true"],
      ["exec", "--username", "a", "--duration", "soon", "--", "true"],
      ["exec", "--username", "a", "--certificate", "", "--", "true"],
      ["exec", "--username", "a", "--token-file", "", "--", "true"],
      ["break-glass", "--username", "a", "--reason", "r", "--certificate", "", "--", "true"],
      ["exec", "--username", "a", "--source-ip", "1.2.3", "--", "true"],
      ["exec", "--username", "a", "--request-id", "é", "--", "true"],
      ["policy", "explain", "x.yaml"], ["policy", "check", ""],
      ["audit", "export", "--format", "sqlite", "--out", "-"],
      [
        "audit", "export", "--format", "csv", "--since", "2026-01-02", "--until", "2026-01-01",
      ],
      ["policy", "explain", "x.yaml", "--username", "a", "--at", "noon"],
      ["token"], ["token", "create", "--name", "a"], ["token", "create", "--role", "issuer"],
      ["token", "create", "--name", "a", "--role", "root"], ["token", "revoke"],
      ["token", "create", "--name", "", "--role", "admin"],
      ["token", "create", "--name", "cli:root", "--role", "admin"],
      ["token", "create", "--name", "a", "--role", "admin", "--expires-in", "0s"],
      ["dev", "--port", "70000"], ["version", "--jason"],
    ])
  func `wrong usage says what is wrong, and exits 2`(arguments: [String]) async throws {
    let end = try await Program.run(arguments)
    #expect(end.status == 2, "\(end.errors)\(end.output)")
    #expect(end.errors != "")
    #expect(end.output == "")
  }

  @Test(arguments: ["0", "10", "none"])
  func `help is printed on the narrowest terminal`(columns: String) async throws {
    let end = try await Program.run("serve", "--help", environment: ["COLUMNS": columns])
    #expect(end.status == 0)
    #expect(end.output.contains("USAGE: trust-budget serve"))
  }

  @Test func `whoever takes points is told how to write it`() async throws {
    let end = try await Program.run("budget", "adjust", "user:alice", "-20", "--reason", "x")
    #expect(end.status == 2)
    #expect(end.errors.hasSuffix("comes last, after two dashes: -- -20\n"), "\(end.errors)")
    let option = try await Program.run("budget", "list", "--limit", "-5")
    #expect(option.status == 2)
    #expect(!option.errors.contains("two dashes"), "\(option.errors)")
  }

  @Test(arguments: [
    "--unix-socket", "--tls-cert", "--tls-key", "--tls-client-ca", "--tls-roles", "--policy",
  ])
  func `an empty option is refused, as an empty setting is`(option: String) async throws {
    for command in ["serve", "doctor"] {
      let end = try await Program.run(command, option, "", "--database-url", "host=/nowhere")
      #expect(end.status == 2, "\(end.errors)\(end.output)")
      #expect(end.errors.contains("\(option) must not be empty"), "\(end.errors)")
    }
  }

  @Test(arguments: ["serve", "doctor"])
  func `several addresses are several options`(command: String) async throws {
    let end = try await Program.run(command, "--listen", "127.0.0.1:1,127.0.0.1:2")
    #expect(end.status == 2)
    #expect(end.errors.contains("give --listen once for each address"), "\(end.errors)")
  }

  @Test(arguments: [
    (["--audit-file", "a.db"], ["--break-glass-journal", "a.db"], "must be two files"),
    (["--audit-file", "a.db"], ["--break-glass-journal", "a.db.lock"], "keeps a file"),
    (["--audit-file", "a.db-wal"], ["--break-glass-journal", "a.db"], "keeps a file"),
    (["--audit-file", "a.db.tokens"], ["--break-glass-journal", "./a.db"], "keeps a file"),
    (["--audit-file", "a.db"], ["--policy", "x/../a.db"], "must be two files"),
    (["--break-glass-journal", "a.db"], ["--policy", "a.db-wal"], "keeps a file"),
    (["--break-glass-journal", "a.db"], ["--tls-roles", "a.db"], "must be two files"),
    (["--break-glass-journal", "a"], ["--tls-cert", "a", "--tls-key", "b"], "must be two files"),
    (["--audit-file", "b"], ["--tls-cert", "a", "--tls-key", "b"], "must be two files"),
    (["--audit-file", "/dev/null"], ["--config", "/dev/null"], "must be two files"),
  ])
  func `what a node writes is in the way of nothing else`(
    one: [String], other: [String], message: String
  ) async throws {
    let end = try await Program.run(
      ["serve", "--auth", "none", "--database-url", "host=/nowhere"] + one + other
    )
    #expect(end.status == 2, "\(end.errors)")
    #expect(end.errors.contains(message), "\(end.errors)")
  }

  @Test(
    arguments: [
      ["--auth", "none", "--listen", "0.0.0.0:0"], ["--auth", "none", "--listen", "[::]:0"],
      ["--auth", "none", "--listen", "192.0.2.1:8470"], ["--auth", "none", "--listen", "host:1"],
      ["--auth", "none", "--listen", "127.0.0.1"],
      ["--auth", "none", "--listen", "127.0.0.1:99999"],
      ["--auth", "none", "--lanes", "0"], ["--auth", "some"], ["--auth-grace", "soon"],
      ["--auth", "none", "--node-name", ""], ["--auth", "none", "--node-name", "a\nb"],
    ])
  func `serve without authentication is refused where others could reach it`(arguments: [String])
    async throws
  {
    let end = try await Program.run(["serve", "--policy", "none.yaml"] + arguments)
    #expect(end.status == 2, "\(end.errors)")
  }

  @Test func `serve without authentication is open to others when told so twice`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let policy = try directory.write(SamplePolicy.text, to: "policy.yaml")
      try await Program.with(
        ["serve", "--policy", policy, "--auth", "none", "--listen", "0.0.0.0:0", "--insecure"],
        environment: ["DATABASE_URL": "postgresql://127.0.0.1:1/none"]
      ) { program in
        try await wait(for: "the node to listen") {
          program.errors.contains("address=0.0.0.0:")
        }
      }
    }
  }

  @Test func `serve says what is wrong with its policy, and exits 1`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let broken = try directory.write("policies:\n  - nome: x\n", to: "broken.yaml")
      for path in [directory.file("none.yaml"), broken] {
        let end = try await Program.run("serve", "--policy", path, "--auth", "none")
        #expect(end.status == 1)
        #expect(end.errors.contains(path))
      }
    }
  }
}

extension RunningProgram.End {
  /// The output; null when it is not JSON.
  var json: JSON { (try? JSON(parsing: .init(output.utf8))) ?? .null }
}
