import Testing
import TrustBudgetTesting

/// Of the three streams, a caller may have closed some.
@Suite struct StandardStreamTests {
  @Test func `what is closed is told from a file of the program's own`() async throws {
    try await Service.with { service in
      _ = try await service.node.authorize("rich-1")
      let words = [
        "audit", "export", "--format", "csv", "--out", "-", "--database-url",
        service.database.connectionString,
      ]
      let closing = ["/bin/sh", "-c", #"exec "$@" <&- >&-"#, "sh"]
      let end = try await Program.with(words, by: closing) { try await $0.end() }
      #expect(end.status == 1 && end.output == "")
      #expect(end.errors.contains("Bad file descriptor"), "\(end.errors)")
    }
  }
}
