import Foundation
import NIOHTTP1
import Testing
import TrustBudgetTesting

/// What a node logs, and how a trace goes through it.
struct LoggingTests {
  private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"

  @Test func `JSON logs are one object a line, with the trace and never the body`() async throws {
    try await TestDatabase.withLedger { database in
      try await Undertaker.shared.withDirectory { directory in
        let policy = try directory.write(SamplePolicy.text, to: "policy.yaml")
        try await RunningNode.with(
          on: database.connectionString, policy: policy,
          ["--log-format", "json", "--log-level", "debug"]
        ) { node in
          let reply = try await Reply.to(
            .POST, node.url + "/v1/authorizations",
            body: try JSON.object(["username": "dev-secret"]).data,
            headers: ["traceparent": "00-\(Self.trace)-00f067aa0ba902b7-01"])
          let answered = try #require(reply.header("traceparent"))
          #expect(answered.hasPrefix("00-\(Self.trace)-") && answered.hasSuffix("-01"))
          #expect(!answered.contains("00f067aa0ba902b7"))

          let line = try await wait(for: "the request to be logged") {
            node.program.errors.split(separator: "\n")
              .first { $0.contains("request answered") && $0.contains(Self.trace) }
          }
          let entry = try JSON(parsing: Data(line.utf8))
          #expect(entry["level"] == "debug")
          #expect(entry["metadata"]["trace_id"] == .text(Self.trace))
          #expect(entry["metadata"]["route"] == "/v1/authorizations")
          #expect(entry["metadata"]["status"] == "200")
          #expect(entry["metadata"]["hb.request.id"].text != nil)
          #expect(entry["time"].text?.hasSuffix("Z") == true)
          for line in node.program.errors.split(separator: "\n") {
            #expect(throws: Never.self) { try JSON(parsing: Data(line.utf8)) }
          }
          #expect(!node.program.errors.contains("dev-secret"))

          let other = String(repeating: "7", count: 32)
          let end = try await Program.run(
            "exec", "--server", node.url, "--username", "dev-a", "--", "true",
            environment: ["TRACEPARENT": "00-\(other)-00f067aa0ba902b7-00"])
          #expect(end.status == 0, "\(end.errors)")
          try await wait(for: "the trace of exec") { node.program.errors.contains(other) }
        }
      }
    }
  }

  @Test func `what somebody else wrote begins no line of the log, and commands no terminal`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await Undertaker.shared.withDirectory { directory in
        let policy = try directory.write(SamplePolicy.text, to: "policy.yaml")
        let holder = "somebody\u{1B}[2K\n2026-01-01T00:00:00+0000 info trust-budget: forged"
        let lock = open(try directory.write(holder, to: "audit.db.lock"), O_RDWR | O_CLOEXEC)
        defer { close(lock) }
        #expect(flock(lock, LOCK_EX | LOCK_NB) == 0)
        try await RunningNode.with(
          on: database.connectionString, policy: policy,
          ["--audit-file", directory.file("audit.db")]
        ) { node in
          try await wait(for: "the holder to be named") {
            node.program.errors.contains("somebody\\u{1b}[2K")
          }
          let log = node.program.errors
          #expect(log.contains("forged") && !log.contains("\n2026-01-01"))
          #expect(!log.contains("\u{1B}"))
        }
      }
    }
  }

  @Test(arguments: [
    "", "00", "00-x-y-01", "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
    "ff-\(trace)-00f067aa0ba902b7-01", "00-\(trace)-0000000000000000-01",
    "00-\(trace.uppercased())-00f067aa0ba902b7-01", "00-\(trace)-00f067aa0ba902b7-01-more",
  ])
  func `a trace context that is not one is passed over`(text: String) async throws {
    try await Service.with { service in
      let reply = try await Reply.to(
        .GET, service.node.url + "/healthz", headers: ["traceparent": text])
      #expect(reply.status == 200)
      #expect(reply.header("traceparent") == nil)
    }
  }
}
