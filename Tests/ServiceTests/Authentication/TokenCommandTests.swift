import BudgetLedger
import Foundation
import Testing
import TrustBudget
import TrustBudgetTesting

/// `trust-budget token`, and `exec` with one.
@Suite(.tokens)
struct TokenCommandTests {
  private func run(_ arguments: String...) async throws -> RunningProgram.End {
    try await Program.run(
      arguments,
      environment: ["DATABASE_URL": try Service.current.database.connectionString]
    )
  }

  @Test func `a token is shown once, works on each node, and is revoked on each`() async throws {
    let service = try Service.current
    let created = try await run(
      "token", "create", "--name", "ca 1", "--role", "auditor", "--role", "issuer",
      "--expires-in", "90d", "--json")
    #expect(created.status == 0)
    #expect(created.json["roles"] == ["issuer", "auditor"])
    #expect(created.json["expires_at"].text != nil)
    let secret = try #require(TokenSecret(created.json["token"].text ?? ""))
    for node in service.nodes {
      try await wait(for: "the token to be known") {
        try await node.get("/v1/budgets", with: secret).status == 200
      }
    }
    let listed = try await run("token", "list")
    #expect(listed.output.contains("ca 1"))
    #expect(!listed.output.contains(secret.text))
    #expect(!(try await run("token", "list", "--json").output.contains(secret.text)))

    #expect(try await run("token", "revoke", "ca 1").status == 0)
    for node in service.nodes {
      try await wait(for: "the token to be revoked") {
        try await node.get("/v1/budgets", with: secret).problem == "unauthenticated"
      }
      let other = try ServiceTokens.current.of(.auditor)
      #expect(try await node.get("/v1/budgets", with: other).status == 200)
    }
    let first = try await run("token", "revoke", "ca 1", "--json").json
    #expect(first["state"] == "revoked")
    #expect(try await run("token", "revoke", "ca 1", "--json").json == first)
    #expect(try await run("token", "revoke", "nobody").status == 1)
  }

  @Test func `tokens that end at no moment of the calendar are listed`() async throws {
    let database = try Service.current.database
    for (name, moment) in [("endless", "infinity"), ("ended", "-infinity")] {
      #expect(try await run("token", "create", "--name", name, "--role", "issuer").status == 0)
      try await database.query(
        "UPDATE trust_budget.api_tokens SET expires_at = '\(moment)' WHERE name = '\(name)'")
    }
    let listed = try await run("token", "list")
    #expect(listed.status == 0)
    #expect(listed.output.contains(/endless +issuer +valid .* never/))
    #expect(listed.output.contains(/ended +issuer +expired .* 0001-01-01T00:00:00Z/))
  }

  @Test func `of two tokens with one name that are made at once, one is made`() async throws {
    async let a = run("token", "create", "--name", "twin", "--role", "issuer")
    async let b = run("token", "create", "--name", "twin", "--role", "admin")
    let ends = try await [a, b]
    #expect(ends.map(\.status).sorted() == [0, 1])
    for end in ends {
      #expect(
        (TokenSecret(end.output.trimmingCharacters(in: .newlines)) != nil) == (end.status == 0))
    }
    #expect(
      try await Service.current.database.count(
        "SELECT count(*) FROM trust_budget.api_tokens WHERE name = 'twin'") == 1)
    // Not even after its end.
    #expect(try await run("token", "revoke", "twin").status == 0)
    #expect(try await run("token", "create", "--name", "twin", "--role", "issuer").status == 1)
  }

  @Test func `exec has its token from a file or the environment`() async throws {
    let service = try Service.current
    let node = try service.node
    func exec(_ name: String, _ more: [String], _ environment: [String: String]) async throws
      -> RunningProgram.End
    {
      try await Program.run(
        ["exec", "--server", node.url, "--username", name] + more + ["--", "false"],
        environment: environment
      )
    }
    let issuer = try ServiceTokens.current.of(.issuer).text
    let file = try service.directory.write(issuer + "\n", to: "issuer.token")
    let ways: [([String], [String: String])] = [
      (["--token-file", file], ["TRUST_BUDGET_TOKEN": "other"]),
      ([], ["TRUST_BUDGET_TOKEN_FILE": file]), ([], ["TRUST_BUDGET_TOKEN": issuer]),
    ]
    for (options, environment) in ways {
      let end = try await exec("dev-exec", options, environment)
      #expect(end.errors.contains("refunded, because"), "\(end.errors)")
    }
    // What the shell makes of <(cat file) is a pipe as well.
    let fifo = service.directory.file("fifo")
    #expect(mkfifo(fifo, 0o600) == 0)
    for (path, script) in [
      ("/dev/stdin", #"cat "$FILE" | "$0" "$@""#), (fifo, #"cat "$FILE" >"$FIFO" & "$0" "$@""#),
    ] {
      let end = try await Program.run(
        "exec", "--server", node.url, "--username", "dev-exec", "--token-file", path, "--", "false",
        environment: ["FILE": file, "FIFO": fifo], by: ["/bin/sh", "-c", script])
      #expect(end.errors.contains("refunded, because"), "\(end.errors)")
    }
    let endless = try await exec("dev-exec", ["--token-file", "/dev/zero"], [:])
    #expect(endless.errors.contains("cannot be read: File too large"), "\(endless.errors)")
    let environment = try await Program.run(
      ["exec", "--server", node.url, "--username", "dev-env", "--", "env"],
      environment: ["TRUST_BUDGET_TOKEN": issuer]
    )
    #expect(environment.output.contains("TRUST_BUDGET_PRINCIPALS=user,git"))
    #expect(!environment.output.contains(issuer))
    let without = try await exec("dev-exec", [], [:])
    #expect(without.status == 1)
    #expect(without.errors.contains("This request needs a token"))
    #expect(without.errors.contains("--token-file FILE"))
    let auditor = try ServiceTokens.current.of(.auditor).text
    let forbidden = try await exec("dev-exec", [], ["TRUST_BUDGET_TOKEN": auditor])
    #expect(forbidden.status == 1)
    #expect(forbidden.errors.contains("has not the role that this needs: issuer or admin"))
    for (options, environment) in [
      (["--token-file", service.directory.file("none")], [:]),
      ([], ["TRUST_BUDGET_TOKEN": "s3cret"]),
    ] {
      let end = try await exec("dev-exec", options, environment)
      #expect(end.status == 1)
      #expect(!end.errors.contains("s3cret"))
    }
  }

  @Test func `break-glass has its token from the same places, to ask and to list`() async throws {
    let node = try Service.current.node
    func breakGlass(_ arguments: [String], as token: String?) async throws -> RunningProgram.End {
      try await Program.run(
        ["break-glass"] + arguments, environment: token.map { ["TRUST_BUDGET_TOKEN": $0] } ?? [:]
      )
    }
    let auditor = try ServiceTokens.current.of(.auditor).text
    let issuer = try ServiceTokens.current.of(.issuer).text
    let list = ["list", "--server", node.url]
    #expect(try await breakGlass(list, as: auditor).status == 0)
    #expect(try await breakGlass(list, as: issuer).errors.contains("auditor"))
    #expect(try await breakGlass(list, as: nil).errors.contains("needs a token"))
    let ask = [
      "--server", node.url, "--username", "a", "--reason", "fire", "--", "true",
    ]
    // The suite's policy has no break_glass: whoever may ask is told that.
    #expect(try await breakGlass(ask, as: issuer).errors.contains("Break-glass is off"))
    #expect(try await breakGlass(ask, as: auditor).errors.contains("issuer"))
  }
}
