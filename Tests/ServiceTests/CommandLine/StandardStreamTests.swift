import Foundation
import Testing
import TrustBudgetTesting

/// What a process shows of itself, and what it is given.
@Suite struct StandardStreamTests {
  @Test func `other users of the machine see no password among the arguments`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let policy = try directory.write(SamplePolicy.text, to: "policy.yaml")
      let secret = "postgresql://svc:sesame-open@127.0.0.1:1/ledger"
      for words in [["--database-url", secret], ["--database-url=\(secret)"]] {
        try await Program.with(
          ["serve", "--policy", policy, "--auth", "none", "--listen", "127.0.0.1:0"] + words
        ) { program in
          try await wait(for: "the node") { program.errors.contains("listening") }
          let line = try String(
            decoding: Data(contentsOf: URL(filePath: "/proc/\(program.processIdentifier)/cmdline")),
            as: UTF8.self)
          #expect(line.contains("--database-url") && line.contains(policy), "\(line)")
          #expect(!line.contains("sesame"))
          // It is still what the program goes by.
          #expect(program.errors.contains("starting without the ledger"))
        }
      }
    }
  }

  @Test func `on a terminal, what failed is told where its progress was`() async throws {
    try await Service.with { service in
      let file = service.directory.file("trail.db")
      let export = try await Program.run(
        "audit", "export", "--format", "sqlite", "--out", file, "--database-url",
        service.database.connectionString)
      #expect(export.status == 0, "\(export.errors)")
      for words in [
        ["verify", "--file", file, "--against", "host=/nowhere"],
        ["export", "--format", "csv", "--database-url", "host=/nowhere"],
      ] {
        let terminal = #"exec script -qec "exec $(printf "'%s' " "$@")" /dev/null"#
        let end = try await Program.run(
          ["audit"] + words, by: ["/bin/sh", "-c", terminal, "sh"]
        )
        #expect(end.status == 1)
        #expect(end.output.contains("\r\u{1B}[Ktrust-budget: "), "\(end.output)")
      }
    }
  }

  @Test func `what is closed is told from a file of the program's own`() async throws {
    try await Service.with { service in
      _ = try await service.node.authorize("rich-1")
      let words = [
        "audit", "export", "--format", "csv", "--out", "-", "--database-url",
        service.database.connectionString,
      ]
      let closing = ["/bin/sh", "-c", #"exec "$@" <&- >&-"#, "sh"]
      let end = try await Program.run(words, by: closing)
      #expect(end.status == 1 && end.output == "")
      #expect(end.errors.contains("Bad file descriptor"), "\(end.errors)")
    }
  }
}
