import BudgetLedger
import Testing
import TrustBudget
import TrustBudgetTesting

/// Files that fit together, and files that do not.
@Suite struct MigrationFileTests {
  @Test(arguments: [
    (["ledger.sql"], "the name must look like"),
    (["0001_.up.sql"], "the name must look like"),
    (["0001_a'b.up.sql"], "the name must look like"),
    (["0000_a.up.sql"], "the name must look like"),
    (["0001_a.up.sql", "0001_b.up.sql"], "version 1 is also"),
    (["0001_a.up.sql", "0003_b.up.sql"], "version 2 is missing"),
    (["0001_a.up.sql", "0001_b.down.sql"], "0001_b.up.sql is not"),
    (["0001_a.down.sql"], "0001_a.up.sql is not"),
  ])
  func `files that do not fit together are refused, and named`(
    names: [String], complaint: String
  ) throws {
    let error = #expect(throws: MigrationError.self) {
      try Migrations.assemble(names.map { (name: $0, text: "") })
    }
    #expect(error.map { "\($0)" }?.contains(complaint) == true, "\(String(describing: error))")
  }

  @Test func `directives stand in the comment that a file begins with`() throws {
    let files = [
      (name: "0001_a.up.sql", text: "SELECT 1;\n-- no-transaction\n"),
      (
        name: "0002_b.up.sql",
        text: "-- An index.\n-- no-transaction\r\n-- compatible-with: 1\n-- optional\nSELECT 1;"
      ),
    ]
    let migrations = try Migrations.assemble(files)
    #expect(!migrations[0].directives.runsOutsideTransaction)
    #expect(migrations[0].compatibleWith == 1)
    #expect(migrations[1].directives.runsOutsideTransaction)
    #expect(migrations[1].directives.isOptional)
    #expect(migrations[1].compatibleWith == 1)
  }

  @Test(arguments: [
    ("0001_a.up.sql", "-- compatible-with: 1", "must name an earlier version"),
    ("0001_a.up.sql", "-- compatible-with: soon", "needs a version"),
    ("0001_a.down.sql", "-- no-transaction", "always runs in a transaction"),
  ])
  func `directives that make no sense are refused`(
    file: String, text: String, complaint: String
  ) throws {
    var files = [(name: file, text: text)]
    if file.hasSuffix("down.sql") { files.append((name: "0001_a.up.sql", text: "")) }
    let error = #expect(throws: MigrationError.self) { try Migrations.assemble(files) }
    #expect(error.map { "\($0)" }?.contains(complaint) == true, "\(String(describing: error))")
  }

  @Test func `line endings make no difference to the schema`() async throws {
    let converted = Migrations.embedded.map { migration in
      migration.changed {
        $0.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
      }
    }
    try await TestDatabase.withEmptyDatabase { database in
      _ = try await database.runner(converted).up()
      #expect(try await database.runner().verify().isSound)
      #expect(try await database.runner().up() == [])
    }
  }

  @Test func `an edited, a renumbered and a missing file are refused`() async throws {
    // The newest says nothing of programs that do not know it.
    let files = Migrations.embedded + [.next("SELECT 1;", down: "SELECT 1;")]
    let edited = [files[0].changed { $0 + "-- more\n" }] + files.dropFirst()
    let renumbered =
      [
        Migration(version: 1, name: files[1].name, up: files[1].up, down: nil),
        Migration(version: 2, name: files[0].name, up: files[0].up, down: nil),
      ] + files.dropFirst(2)
    let missing = Array(files.dropLast())
    let last = files[files.count - 1]
    let cases: [([Migration], MigrationError)] = [
      (edited, .changed(label: files[0].label)),
      (renumbered, .renumbered(applied: files[0].label, file: "0001_\(files[1].name)")),
      (missing, .unknownVersion(last.version, name: last.name, known: last.version - 1)),
    ]
    try await TestDatabase.withLedger { database in
      _ = try await database.runner(files).up()
      for (files, error) in cases {
        await #expect(throws: error) { try await database.runner(files).up() }
        await #expect(throws: error) { _ = try await database.runner(files).status() }
        let result = try await database.runner(files).verify()
        #expect(result.history.first == error)
      }
    }
  }
}
