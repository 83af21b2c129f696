extension TestDatabase {
  /// Dumps this database, and restores it in another, empty one.
  package func copy(to other: TestDatabase) async throws {
    let script = #"pg_dump "$0" | psql -X -q -v ON_ERROR_STOP=1 -o /dev/null "$1""#
    try await run(["sh", "-c", script, connectionString, other.connectionString])
  }
}
