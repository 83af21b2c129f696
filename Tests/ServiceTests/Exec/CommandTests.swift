import Foundation
import Testing
import TrustBudgetTesting

/// What `trust-budget exec` makes of the command that it runs, and of the answer that it gets.
@Suite(.service())
struct CommandTests {
  private func exec(
    _ username: String, id: String, _ more: [String] = [], _ command: String...
  ) async throws -> RunningProgram.End {
    let arguments =
      ["exec", "--server", try Service.current.node.url, "--username", username]
      + ["--request-id", id] + more + ["--"] + command
    return try await Program.run(arguments)
  }

  private func state(of id: String) async throws -> JSON {
    try await Service.current.node.get("/v1/charges/\(id)").json["state"]
  }

  @Test(arguments: [1, 2, 42, 255])
  func `a failing command is refunded, and its status passed on`(status: Int32) async throws {
    let id = "fails-\(status)"
    let end = try await exec("dev-\(id)", id: id, [], "sh", "-c", "exit \(status)")
    #expect(end.status == status)
    #expect(end.errors.contains("ended with status \(status)"))
    #expect(try await state(of: id) == "refunded")
    let budget = try await Service.current.node.get("/v1/budgets/user:dev-\(id)").json
    #expect(budget["balance"] == 3)
  }

  @Test(arguments: [SIGTERM, SIGKILL, SIGSEGV])
  func `a command that a signal ends is refunded, with 128 and the signal's number`(signal: Int32)
    async throws
  {
    let id = "signal-\(signal)"
    let end = try await exec("dev-\(id)", id: id, [], "sh", "-c", "kill -\(signal) $$")
    #expect(end.status == 128 + signal)
    #expect(try await state(of: id) == "refunded")
  }

  @Test func `messages that nobody reads any more stop nothing`() async throws {
    let command = """
      { sleep 0.2; "$0" exec --server \(try Service.current.node.url) --username dev-unread \
        --request-id unread -- sh -c 'exit 3'; } 2>&1 | true
      """
    try await tool("sh", "-c", command, Program.path)
    #expect(try await state(of: "unread") == "refunded")
  }

  @Test(arguments: [SIGTERM, SIGINT, SIGHUP])
  func `a signal goes on to the command, and its points come back`(signal: Int32) async throws {
    let id = "interrupted-\(signal)"
    try await Undertaker.shared.withDirectory { directory in
      let mark = directory.file("mark")
      try await Program.with([
        "exec", "--server", try Service.current.node.url, "--username", "dev-\(id)",
        "--request-id", id, "--", "sh", "-c", "touch '\(mark)'; exec sleep 60",
      ]) { program in
        try await wait(for: "the command to run") {
          FileManager.default.fileExists(atPath: mark)
        }
        program.signal(signal)
        let end = try await program.end(within: .seconds(20))
        #expect(end.status == 128 + signal)
      }
      #expect(try await state(of: id) == "refunded")
    }
  }

  @Test func `the server's address may come from the environment`() async throws {
    let end = try await Program.run(
      "exec", "--username", "dev-environment", "--", "true",
      environment: ["TRUST_BUDGET_SERVER": try Service.current.node.url])
    #expect(end.status == 0, "\(end.errors)")
  }

  @Test func `the command has the environment as it is, of whatever encoding`() async throws {
    let end = try await Program.run(
      "exec", "--server", try Service.current.node.url, "--username", "dev-bytes", "--", "sh", "-c",
      #"printf %s "$LATIN" | od -An -tx1; echo "secret: $PGPASSWORD$DATABASE_URL""#,
      by: ["/bin/sh", "-c", #"PGPASSWORD=x LATIN=$(printf 'k\344') exec "$@""#, "sh"])
    #expect(end.output == " 6b e4\nsecret: \n", "\(end.errors)")
  }

  @Test func `an argument that is not UTF-8 is refused, for it would be another`() async throws {
    let end = try await Program.run(
      "exec", "--username", "dev-bytes", "--", "true",
      by: ["/bin/sh", "-c", #"exec "$@" "$(printf 'k\344')""#, "sh"])
    #expect(end.status == 2)
    #expect(end.errors == "trust-budget: argument 6 is not UTF-8\n")
  }

  @Test func `a refused request runs nothing`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let mark = directory.file("mark")
      for number in 1...3 {
        let end = try await exec("dev-refused", id: "refused-\(number)", [], "touch", mark)
        #expect(end.status == 0)
      }
      try FileManager.default.removeItem(atPath: mark)
      let end = try await exec("dev-refused", id: "refused-4", [], "touch", mark)
      #expect(end.status == 1)
      #expect(end.output == "")
      #expect(
        end.errors.hasPrefix(
          "trust-budget: Trust budget exhausted. This request requires 1 point; 0 remain. "
            + "Budget resets at "))
      #expect(!FileManager.default.fileExists(atPath: mark))
    }
  }

  @Test(arguments: ["no-such-command-anywhere", "/no/such/command", "/etc/hostname"])
  func `a command that cannot be run is refunded`(command: String) async throws {
    let id = "absent-\(command.count)"
    let end = try await exec("dev-\(id)", id: id, [], command)
    #expect(end.status == 1)
    #expect(end.errors.contains("\(command) cannot be run"))
    #expect(try await state(of: id) == "refunded")
  }

  @Test func `the command knows its grant by environment and by placeholders`() async throws {
    let end = try await exec(
      "dev-known", id: "known", ["--duration", "90s", "--principal", "git"],
      "sh", "-c",
      #"env | grep ^TRUST_BUDGET_ | grep -v AUDIT_FILE | sort; for word; do echo "$word"; done"#,
      "name",
      "{principals}", "-V+{max_duration}", "{request_id}:{request_id}", "{unknown}", "a b", "")
    #expect(end.status == 0)
    #expect(
      end.output == """
        TRUST_BUDGET_MAX_DURATION=90s
        TRUST_BUDGET_PRINCIPALS=git
        TRUST_BUDGET_REQUEST_ID=known
        TRUST_BUDGET_RULE=Developer
        git
        -V+90s
        known:known
        {unknown}
        a b


        """)
  }

  @Test func `the command gets no secret of this program's`() async throws {
    let end = try await Program.run(
      "exec", "--server", try Service.current.node.url, "--username", "dev-secrets", "--", "env",
      environment: [
        "DATABASE_URL": "postgresql://u:sesame@/x", "PGPASSWORD": "sesame",
        "TRUST_BUDGET_TOKEN": "tb_" + String(repeating: "a", count: 43), "PLAIN": "and there",
      ])
    #expect(end.status == 0, "\(end.errors)")
    #expect(end.output.contains("PLAIN=and there\n"))
    for name in ["DATABASE_URL=", "PGPASSWORD=", "TRUST_BUDGET_TOKEN=", "LIBDISPATCH_LOG="] {
      #expect(!end.output.contains(name))
    }
  }

  @Test func `what is filled in is not looked at again`() async throws {
    let id = "{principals}{max_duration}{request_id}"
    let end = try await exec(
      "dev-braces", id: id, ["--principal", "git"], "echo", "{{request_id}}", "{principals}",
      "{nobody}")
    #expect(end.output == "{\(id)} git {nobody}\n", "\(end.errors)")
  }

  @Test func `a rule without a budget runs the command all the same`() async throws {
    let end = try await exec("free-fall", id: "free-fall", [], "sh", "-c", "exit 3")
    #expect(end.status == 3)
    #expect(end.errors == "trust-budget: allowed; this rule has no budget.\n")
  }

  @Test func `a repeated attempt is charged once`() async throws {
    for _ in 1...2 {
      let end = try await exec("dev-repeated", id: "repeated", [], "true")
      #expect(end.status == 0)
    }
    let budget = try await Service.current.node.get("/v1/budgets/user:dev-repeated").json
    #expect(budget["spent"] == 1)
  }

  @Test func `a repeated attempt that fails gives back nothing that another may have signed for`()
    async throws
  {
    #expect(try await exec("dev-once", id: "once", [], "true").status == 0)
    let end = try await exec("dev-once", id: "once", [], "false")
    #expect(end.status == 1)
    #expect(end.errors.contains("once stays charged, although the signing command ended"))
    #expect(try await state(of: "once") == "charged")
  }

  @Test func `every budget of a rule has its receipt`() async throws {
    let end = try await exec("emma", id: "emma", ["--group", "sre"], "true")
    let lines = end.errors.split(separator: "\n")
    #expect(lines[0].hasPrefix("trust-budget: user:emma paid 1, 2 left; resets at "))
    #expect(lines[1] == "trust-budget: group:sre:emma paid 2, 2 left.")
  }

  @Test func `a server that is not there is said so, soon`() async throws {
    let end = try await Program.run(
      "exec", "--server", "http://127.0.0.1:1", "--username", "a", "--", "true")
    #expect(end.status == 1)
    #expect(
      end.errors.contains("trust-budget: http://127.0.0.1:1 gave no answer: connection refused\n"))
    // The id that was made up is the one to repeat it with.
    let waiting = end.errors.firstMatch(of: /no answer yet; the request's id is ([0-9a-f-]{36})\n/)
    let id = try #require(waiting).1
    #expect(end.errors.hasSuffix("charged once: --request-id \(id)\n"))
    #expect(end.duration < .seconds(25))
  }

  @Test(arguments: ["http://", "nonsense", "ftp://127.0.0.1", "http://127.0.0.1:99999", ""])
  func `an address that is none is said so`(server: String) async throws {
    let end = try await Program.run(
      "exec", "--server", server, "--username", "a", "--", "true")
    #expect(end.status == 2)
    #expect(end.errors.contains("--server must "))
  }
}
