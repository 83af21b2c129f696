import BudgetLedger
import Foundation
import Testing
import TrustBudgetTesting

/// A terminal obeys nothing of what a database or a node has to say.
struct HostileTextTests {
  private func expectHarmless(
    _ text: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      text.contains(#"\u{1b}[2J\u{202e}\u{a}forged"#), "\(text)", sourceLocation: sourceLocation)
    #expect(
      !text.unicodeScalars.contains { ["\u{1B}", "\u{202E}", "\u{9B}"].contains($0) },
      sourceLocation: sourceLocation)
    #expect(
      !text.split(separator: "\n").contains { $0.hasPrefix("forged") },
      sourceLocation: sourceLocation)
  }

  @Test(arguments: [
    (
      ["budget", "history", "user:alice"],
      """
      ALTER TABLE trust_budget.audit_entries DISABLE TRIGGER ALL;
      UPDATE trust_budget.audit_entries SET node = E'n\\u001b[2J\\u202e\\nforged', username = E'\\u009b2J'
      """
    ),
    (
      ["token", "list"],
      """
      INSERT INTO trust_budget.api_tokens (name, roles, hash)
      VALUES (E'n\\u001b[2J\\u202e\\nforged', '{admin}', sha256(''))
      """
    ),
  ])
  func `of the database`(command: [String], sql: String) async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1) { _ = try await $0[0].perform(.charging("user:alice")) }
      try await database.execute(sql)
      let end = try await Program.run(
        command, environment: ["DATABASE_URL": database.connectionString])
      #expect(end.status == 0, "\(end.errors)")
      expectHarmless(end.output)
    }
  }

  @Test(arguments: [
    (
      ["exec", "--username", "alice", "--", "true"],
      ScriptedNode.Answer(
        status: "200 OK",
        body: #"""
          {"decision":"allowed","request_id":"1","principals":["user"],"max_duration":"15m",\#
          "trust_budget":{"budget_id":"\u001b[2J\u202e\nforged","cost":1,"remaining":4}}
          """#)
    ),
    (
      ["exec", "--username", "alice", "--", "true"],
      ScriptedNode.Answer(
        status: "403 Forbidden", body: #"{"type":"denied","detail":"\u001b[2J\u202e\nforged"}"#)
    ),
    (
      ["break-glass", "--username", "alice", "--reason", "test", "--", "true"],
      ScriptedNode.Answer(
        status: "403 Forbidden", body: #"{"type":"denied","detail":"\u001b[2J\u202e\nforged"}"#)
    ),
  ])
  func `of a node`(command: [String], answer: ScriptedNode.Answer) async throws {
    try await ScriptedNode.with([answer]) { node in
      let end = try await Program.run(
        [command[0], "--unix-socket", node.path] + command.dropFirst())
      expectHarmless(end.errors)
    }
  }
}
