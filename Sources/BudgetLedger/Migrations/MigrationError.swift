/// Why the schema could not be brought where it should be, and what to do.
package enum MigrationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The migration files do not fit together.
  case badFiles(String)
  /// What was applied is not what the files say.
  case changed(label: String)
  /// The database has a version that this program does not know.
  case unknownVersion(Int64, name: String, known: Int64)
  /// A version was left out.
  case gap(missing: Int64)
  /// Another runner held the lock until the deadline.
  case busy
  /// A statement of a migration failed; nothing of that migration is left.
  case failed(label: String, reason: String)

  package var description: String {
    switch self {
    case .badFiles(let problem):
      "The migration files do not fit together: \(problem)."
    case .changed(let label):
      "Migration \(label) was changed after it was applied to this database. "
        + "Restore the file as it was, and make the change in a new migration."
    case .unknownVersion(let version, let name, let known):
      "The database has migration \(version) (\(name)), and this program knows \(known). "
        + "Use the program that applied it, or a newer one."
    case .gap(let missing):
      "Migration \(missing) is missing from the database's history, and later ones are there. "
        + "Restore the table trust_budget.schema_migrations from a backup."
    case .busy:
      "Another migration runner has been at work on this database until the deadline. "
        + "Nothing was changed. Try again when it is done."
    case .failed(let label, let reason):
      "Migration \(label) failed, and nothing of it is left: \(reason)"
    }
  }
}
