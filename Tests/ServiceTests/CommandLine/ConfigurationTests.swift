import Foundation
import Testing
import TrustBudgetTesting

/// Settings: flags, then the environment, then a file.
struct ConfigurationTests {
  private static let secret = "sesame-open"

  /// Writes a configuration that only its user may read.
  private func write(_ text: String, to directory: TemporaryDirectory) throws -> String {
    let path = try directory.write(text, to: "config.yaml")
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    return path
  }

  private func settings(
    _ arguments: String..., environment: [String: String] = [:]
  ) async throws -> [String: JSON] {
    let end = try await Program.run(
      ["config", "--json"] + arguments, environment: environment
    )
    #expect(end.status == 0, "\(end.errors)")
    return Dictionary(end.json["settings"].list.map { ($0["name"].text ?? "", $0) }) { _, last in
      last
    }
  }

  @Test func `the environment comes before the file, and the file before the default`()
    async throws
  {
    try await Undertaker.shared.withDirectory { directory in
      let file = try write("# mine\nlanes: 8\ndrain_delay: 0.5\nmigrate: true\n", to: directory)
      let byFlag = try await settings("--config", file)
      #expect(byFlag["lanes"] == ["name": "lanes", "value": "8", "from": "file", "line": 2])
      #expect(byFlag["drain_delay"]?["value"] == "0.5")
      #expect(byFlag["migrate"]?["value"] == "true")
      #expect(
        byFlag["idle_timeout"] == ["name": "idle_timeout", "value": "75", "from": "default"])
      #expect(byFlag["policy"] == ["name": "policy", "value": .null, "from": "default"])
      let byVariable = try await settings(
        environment: [
          "TRUST_BUDGET_CONFIG": file, "TRUST_BUDGET_LANES": "3", "TRUST_BUDGET_DRAIN_DELAY": "",
          "DATABASE_URL": "dbname=ledger",
        ])
      #expect(byVariable["lanes"]?["value"] == "3")
      #expect(byVariable["lanes"]?["variable"] == "TRUST_BUDGET_LANES")
      // Empty is not set.
      #expect(byVariable["drain_delay"]?["from"] == "file")
      #expect(byVariable["database_url"]?["variable"] == "DATABASE_URL")
      #expect(byVariable["database_url"]?["value"] == "dbname=ledger")
    }
  }

  @Test func `a file alone starts a node, and what is typed comes before it`() async throws {
    try await Service.withGround { database, directory in
      let policy = try directory.write(SamplePolicy.text, to: "policy.yaml")
      let file = try write(
        """
        database_url: "\(database.connectionString)"
        policy: \(policy)
        listen: 127.0.0.1:0, 127.0.0.1:0
        node_name: by-file
        auth: none
        lanes: 2
        break_glass_journal: \(directory.file("journal.db"))
        log_format: json
        """, to: directory)
      for (name, arguments, environment) in [
        ("by-file", [], [:]),
        ("by-variable", [], ["TRUST_BUDGET_NODE_NAME": "by-variable"]),
        ("by-flag", ["--node-name", "by-flag"], ["TRUST_BUDGET_NODE_NAME": "by-variable"]),
      ] {
        try await Program.with(
          ["serve", "--config", file] + arguments, environment: environment
        ) { program in
          let address = try await wait(for: "the node to listen at both") {
            let found = program.errors.matches(of: /"address":"(127\.0\.0\.1:[0-9]+)"/)
            return found.count == 2 ? found[1].1 : nil
          }
          let signed = try await Program.run(
            "exec", "--username", "dev-1", "--", "true",
            environment: [
              "TRUST_BUDGET_SERVER": "http://\(address)", "TRUST_BUDGET_CONFIG": file,
            ])
          #expect(signed.status == 0, "\(signed.errors)")
          #expect(program.errors.contains(#""node":"\#(name)""#), "\(program.errors)")
        }
      }
      // Whoever asks the ledger finds it by the same file.
      let list = try await Program.run("budget", "list", "--config", file)
      #expect(list.output.contains("user:dev-1"), "\(list.errors)")
      let doctor = try await Program.run("doctor", "--config", file)
      #expect(doctor.output.contains("policy: \(policy) has"), "\(doctor.output)")
      #expect(doctor.output.contains("opens up to 10."), "\(doctor.output)")
    }
  }

  @Test(arguments: [
    ("lanes: 0", "1:8: error: lanes must be from 1 to 64"),
    (#"lanes: "8""#, "1:8: error: found the text \"8\", not a whole number"),
    ("lanes: 8.5", "1:8: error: found the number 8.5, not a whole number"),
    ("lanes: 8\nlanes: 9", "2:1: error: duplicate key \"lanes\""),
    ("lane: 8", "did you mean \"lanes\"?"),
    ("drain_delay: soon", "1:14: error: found the text \"soon\", not a number"),
    ("drain_timeout: 0", "1:16: error: drain_timeout must be"),
    ("auth: nobody", "1:7: error: auth must be token, mtls or none"),
    ("auth_grace: soon", "1:13: error: auth_grace must be"),
    ("listen: 8470", "put it in quotes"), ("listen: here", "1:9: error: listen must be HOST:PORT"),
    ("listen: 127.0.0.1:1,", "1:9: error: listen must be HOST:PORT"),
    ("insecure: yes", "1:11: error: found the truth value yes, not true or false"),
    ("unix_socket_mode: 0660", "put it in quotes: \"0660\""),
    (#"unix_socket_mode: "0999""#, "unix_socket_mode must be octal"),
    ("policy: [a]", "1:9: error: found a list"), (#"token_file: """#, "must not be empty"),
    ("log_level: loud", "1:12: error: log_level must be"),
    ("[lanes]", "1:1: error: found a list, not a mapping"), ("lanes: {", "not valid YAML"),
    ("lanes: 8\n---\nlanes: 9", "a second document"),
    ("database_url: postgresql://u:sesame-open@h/d?odd=1", "1:15: error: database_url must be"),
    ("databse_url: postgresql://u:sesame-open@h/d", "did you mean \"database_url\"?"),
    (
      "server: http://u:sesame-open@127.0.0.1:1",
      "1:9: error: server must have no user name and no password in it"
    ),
    ("database_url:\n  - host=h password=sesame-open", "found a list"),
    // A password may be cut off from what would tell that it is one, or be misspelt, or be all there is.
    (
      "databse_url: postgresql://u:sesame-open\(String(repeating: "0", count: 90))@h/d",
      "did you mean \"database_url\"?"
    ),
    (
      "database_url: postgresql://u:sesame-open@db-1,db-2/d?sslmode=require: x",
      "1:69: error: not valid YAML"
    ),
    (#"database_url: "passw\ord=sesame-open""#, "not valid YAML"),
    ("pgpass: sesame-open", #"unknown key "pgpass""#), ("pw: sesame-open", #"unknown key "pw""#),
    ("token_file:\n  passwd: sesame-open", "found a mapping"),
    ("postgresql://u:sesame-open@h/d", #"found the text "(hidden)""#),
    ("{postgresql://u:sesame-open@h/d}", #"unknown key "(hidden)""#),
    ("lanes: >\n  postgresql://u:sesame-open@h/d", #"found the text "(hidden)""#),
  ])
  func `what is wrong with a file is said with its place, and no secret with it`(
    text: String, message: String
  ) async throws {
    try await expect(message, of: text + "\n")
  }

  @Test func `a file that is too large is not read`() async throws {
    try await expect("1:1: error: the file is", of: String(repeating: "# much\n", count: 200_000))
  }

  /// Expects that whoever would read the text as the configuration hears what is wrong with it.
  private func expect(_ message: String, of text: String) async throws {
    try await Undertaker.shared.withDirectory { directory in
      let file = try write(text, to: directory)
      for command in [["config"], ["serve"], ["exec", "--username", "a", "--", "true"]] {
        let end = try await Program.run(
          command, environment: ["TRUST_BUDGET_CONFIG": file]
        )
        #expect(end.status == 2, "\(end.errors)")
        #expect(end.errors.contains("\(file):"), "\(end.errors)")
        #expect(end.errors.contains(message), "\(end.errors)")
        #expect(!end.errors.contains(Self.secret), "\(end.errors)")
        #expect(end.output == "")
      }
    }
  }

  @Test func `everything that is wrong in the environment is said at once`() async throws {
    let end = try await Program.run(
      "config",
      environment: [
        "TRUST_BUDGET_LANES": "many", "TRUST_BUDGET_AUTH": "nobody",
        "DATABASE_URL": "postgresql://u:\(Self.secret)@h/d?odd=1",
      ])
    #expect(end.status == 2)
    for variable in ["TRUST_BUDGET_LANES must", "TRUST_BUDGET_AUTH must", "DATABASE_URL must"] {
      #expect(end.errors.contains(variable), "\(end.errors)")
    }
    #expect(!end.errors.contains(Self.secret), "\(end.errors)")
  }

  @Test func `a variable that is misspelt is told, and one that is somebody else's is not`()
    async throws
  {
    let environment = [
      "TRUST_BUDGET_LANE": "8", "TRUST_BUDGET_DATABASE_URL": "host=/nowhere",
      "TRUST_BUDGET_CONFG": "/nowhere", "TRUST_BUDGET_TOKEN": "t",
      // Kubernetes says these of a service; exec, to what it runs.
      "TRUST_BUDGET_PORT": "tcp://10.0.0.1:8470", "TRUST_BUDGET_PORT_8470_TCP_PROTO": "tcp",
      "TRUST_BUDGET_SERVICE_HOST": "10.0.0.1", "TRUST_BUDGET_SERVICE_PORT": "8470",
      "TRUST_BUDGET_PRINCIPALS": "root", "TRUST_BUDGET_MAX_DURATION": "15m",
      "TRUST_BUDGET_REQUEST_ID": "1", "TRUST_BUDGET_RULE": "Developer",
    ]
    let told = [
      "TRUST_BUDGET_CONFG is no setting; did you mean TRUST_BUDGET_CONFIG?",
      "TRUST_BUDGET_DATABASE_URL is no setting; did you mean DATABASE_URL?",
      "TRUST_BUDGET_LANE is no setting; did you mean TRUST_BUDGET_LANES?",
    ]
    let config = try await Program.run("config", environment: environment)
    #expect(config.status == 0)
    #expect(config.errors == told.map { "trust-budget: \($0)\n" }.joined())
    let doctor = try await Program.run(
      "doctor", "--database-url", "host=/nowhere", environment: environment)
    #expect(
      doctor.output.matches(of: /warning  configuration: (.+)/).map { String($0.1) } == told)
    let node = try await Program.run(
      "serve", "--policy", "/nowhere", "--auth", "none", environment: environment)
    #expect(node.status == 1)
    for line in told {
      #expect(node.errors.contains("warning trust-budget: [trust_budget] \(line)\n"))
    }
  }

  @Test(arguments: [
    (
      ["exec", "--username", "a", "--server", "http://127.0.0.1:1", "--", "true"],
      "http://127.0.0.1:1 gave no answer"
    ),
    (
      [
        "break-glass", "--username", "a", "--reason", "r", "--server", "http://127.0.0.1:1", "--",
        "true",
      ], "http://127.0.0.1:1 gave no answer"
    ),
    (["budget", "list", "--database-url", "host=/nowhere"], "\"/nowhere/.s.PGSQL.5432\" failed"),
    (["doctor", "--database-url", "host=/nowhere"], "TRUST_BUDGET_LANES must"),
    (["serve", "--database-url", "host=/nowhere"], "TRUST_BUDGET_LANES must"),
    (["budget", "list"], "DATABASE_URL must"), (["token", "list"], "DATABASE_URL must"),
    (["migrate", "status"], "DATABASE_URL must"), (["audit", "verify"], "DATABASE_URL must"),
    (["audit", "verify", "--file", "/nowhere"], "/nowhere cannot be read"),
  ])
  func `nobody hears what is wrong with a setting that the command does not go by`(
    command: [String], message: String
  ) async throws {
    let end = try await Program.run(
      command,
      environment: [
        "DATABASE_URL": "mysql://u@h/d", "TRUST_BUDGET_LANES": "99",
        "TRUST_BUDGET_SERVER": command.contains("--server") ? "nowhere" : "",
      ]
    )
    #expect(end.status == (message.hasSuffix(" must") ? 2 : 1))
    #expect((end.errors + end.output).contains(message), "\(end.errors)")
    #expect((end.errors + end.output).components(separatedBy: " must ").count <= 2, "\(end.errors)")
  }

  @Test func `a password in a file that everybody may read is refused, and shown nowhere`()
    async throws
  {
    try await Undertaker.shared.withDirectory { directory in
      for url in ["postgresql://u:\(Self.secret)@h/d", "host=h password=\(Self.secret)"] {
        let file = try write("database_url: \(url)\n", to: directory)
        let kept = try await Program.run("config", "--config", file)
        #expect(kept.status == 0, "\(kept.errors)")
        #expect(kept.output.contains(#/database_url +\(hidden\) /#), "\(kept.output)")
        #expect(!kept.output.contains(Self.secret))
        let help = try await Program.run("serve", "--config", file, "--help")
        #expect(!help.output.contains(Self.secret))

        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        let open = try await Program.run("config", "--config", file)
        #expect(open.status == 2)
        #expect(open.errors.contains("config.yaml:1:15: error: database_url holds a password"))
        #expect(!open.errors.contains(Self.secret))
        #expect(open.output == "")
      }
      let file = try write("database_url: postgresql://u@h/d\n", to: directory)
      try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
      #expect(try await settings("--config", file)["database_url"]?["from"] == "file")
    }
  }

  @Test func `a file that was named and cannot be read is an error; one that is empty is none`()
    async throws
  {
    try await Undertaker.shared.withDirectory { directory in
      for path in [directory.file("none.yaml"), directory.path] {
        let end = try await Program.run("config", "--config", path)
        #expect(end.status == 1)
        #expect(end.errors.contains("the configuration \(path) cannot be read: "))
      }
      #expect(try await Program.run("config", "--config").status == 2)
      for text in ["", "# nothing yet\n"] {
        let file = try write(text, to: directory)
        #expect(try await settings("--config", file)["lanes"]?["from"] == "default")
      }
    }
  }

  @Test func `help, and what needs no settings, goes on with a broken file`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let environment = ["TRUST_BUDGET_CONFIG": try write("lanes: many\n", to: directory)]
      for arguments in [["--help"], ["serve", "--help"], ["version"], ["policy", "--help"]] {
        let end = try await Program.run(arguments, environment: environment)
        #expect(end.status == 0, "\(arguments): \(end.errors)")
      }
    }
  }

  @Test func `the example for hosts is a good one`() async throws {
    let example = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../deploy/trust-budget/config.yaml").standardized.path(
        percentEncoded: false)
    let settings = try await settings("--config", example)
    #expect(settings["policy"]?["value"] == "/etc/trust-budget/policy.yaml")
    #expect(settings["drain_delay"]?["from"] == "file")
  }

  /// What is an option of `serve` may stand in a file too, and has the default that help says.
  @Test func `every option of serve is a setting`() async throws {
    // Tests give each program an audit file of its own.
    let environment = ["TRUST_BUDGET_AUDIT_FILE": ""]
    let settings = try await settings(environment: environment)
    let help = try await Program.run("serve", "--help", environment: environment).output
    let options = help.matches(of: /(?m)^  --([a-z-]+)/).map { String($0.1) }
      .filter { !["config", "version"].contains($0) }
    #expect(options.count > 20)
    for option in options {
      #expect(settings[option.replacing("-", with: "_")] != nil, "\(option)")
    }
    let defaults = help.matches(of: /--([a-z-]+) <[^>]+>(?:(?!\n  --)[^<])*?\bdefault:\s+([^)]+)\)/)
    #expect(defaults.count > 5)
    for found in defaults {
      let value = settings[String(found.1).replacing("-", with: "_")]?["value"].text
      let shown = found.2.hasSuffix(".0") ? found.2.dropLast(2) : found.2
      #expect(value == String(shown), "\(found.1)")
    }
  }

  @Test func `a token in the environment comes before a token file of the configuration`()
    async throws
  {
    try await Undertaker.shared.withDirectory { directory in
      let file = try write("token_file: /nowhere/token\n", to: directory)
      let none = try await Program.run(
        "exec", "--config", file, "--username", "a", "--", "true")
      #expect(none.errors.contains("the token file /nowhere/token cannot be read: No such file"))
      let token = try await Program.run(
        "exec", "--config", file, "--username", "a", "--", "true",
        environment: ["TRUST_BUDGET_TOKEN": "no token"])
      #expect(token.errors.contains("TRUST_BUDGET_TOKEN holds no token"), "\(token.errors)")
    }
  }
}
