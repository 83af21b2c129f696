extension TestDatabase {
  /// Dumps this database, and restores it in another, empty one; all or nothing.
  package func copy(to other: TestDatabase, _ options: String...) async throws {
    let script = #"pg_dump "$@" | psql -X -q -1 -v ON_ERROR_STOP=1 -o /dev/null "$0""#
    try await run(["sh", "-c", script, other.connectionString] + options + [connectionString])
  }
}
