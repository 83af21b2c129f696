/// Why the schema could not be brought where it should be, and what to do.
package enum MigrationError: Error, Hashable, Sendable {
  /// The migration files do not fit together.
  case badFiles(String)
  /// What was applied is not what the file says.
  case changed(label: String)
  /// Another migration was applied under the number of a file.
  case renumbered(applied: String, file: String)
  /// The database has a migration that this program or directory does not have.
  case unknownVersion(Int64, name: String, known: Int64)
  /// A version was left out.
  case gap(missing: Int64)
  /// There is no such version to go to.
  case noSuchVersion(Int64, reason: String)
  /// Another runner held the lock until the deadline.
  case busy
  /// Somebody held a lock on the history, or on the tables that are compared, until the deadline.
  case locked
  /// Somebody held a lock that a migration needs until the deadline.
  case blocked(label: String, by: [Blocker], remains: Remains = .nothing)
  /// A statement of a migration failed.
  case failed(label: String, reason: String, remains: Remains = .nothing)
  /// A migration ended the transaction that it ran in.
  case endsTransaction(label: String)
  /// The connection was lost on the way.
  case interrupted(label: String)
  /// A migration without a transaction was begun and never finished.
  case unfinished(label: String)
  /// There is no down file.
  case noWayBack(label: String)
  /// The way back would destroy entries, or tokens.
  case wouldDestroy(label: String, tables: [String])
  /// There is nothing to repair, or nothing to put a baseline under.
  case notNeeded(String)
  /// The schema is not what the migrations make of an empty database.
  case catalogueDiffers([CatalogueDifference])
  /// The database cannot hold all characters.
  case wrongEncoding(String)
  /// A role cannot be given what it was to be given.
  case badRole(String)
}

extension MigrationError {
  /// What there is of a migration that did not come to its end.
  package enum Remains: Sendable {
    case nothing
    /// It runs outside a transaction, is begun in the history, and may have left an invalid index.
    case begun

    fileprivate var description: String {
      switch self {
      case .nothing: "nothing of it is left"
      case .begun:
        "what it had begun could not be taken back (run trust-budget migrate up again)"
      }
    }
  }

  /// The same, where what the migration had begun could not be taken back.
  var leavingBegun: MigrationError {
    switch self {
    case .blocked(let label, let blockers, _): .blocked(label: label, by: blockers, remains: .begun)
    case .failed(let label, let reason, _): .failed(label: label, reason: reason, remains: .begun)
    default: self
    }
  }
}

extension MigrationError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .badFiles(let problem):
      "The migration files do not fit together: \(problem)."
    case .changed(let label):
      "Migration \(label) was changed after it was applied to this database. "
        + "Restore \(label).up.sql as it was, and make the change in a new migration; or, when the "
        + "change makes no difference to the schema, record it with: trust-budget migrate repair."
    case .renumbered(let applied, let file):
      "This database has migration \(applied) where the files have \(file). "
        + "A migration that was applied keeps its number and name for ever."
    case .unknownVersion(let version, let name, let known):
      "The database has migration \(Migration.label(version: version, name: name)), and this program knows \(known). "
        + "Use the program that applied it, or a newer one."
    case .gap(let missing):
      "Migration \(missing) is missing from the database's history, and later ones are there. "
        + "Restore the table trust_budget.schema_migrations from a backup."
    case .noSuchVersion(let version, let reason):
      "Cannot go to version \(version): \(reason)."
    case .busy:
      "Another migration runner has been at work on this database until the deadline. "
        + "Nothing was changed. Try again when it is done."
    case .locked:
      "Somebody held a lock on the history (trust_budget.schema_migrations), or on the ledger's tables, "
        + "until the deadline. Nothing was changed. pg_locks shows who; try again when it is gone."
    case .blocked(let label, let blockers, let remains):
      "Migration \(label) could not get its locks until the deadline; \(remains.description). "
        + Blocker.sentence(blockers)
    case .failed(let label, let reason, let remains):
      "Migration \(label) failed, and \(remains.description): \(reason)"
    case .endsTransaction(let label):
      "Migration \(label) ends the transaction that it runs in. Take COMMIT and ROLLBACK out of it, "
        + "and find out with trust-budget migrate verify what it left."
    case .interrupted(let label):
      "The connection was lost during migration \(label). "
        + "It is there as a whole or not at all; trust-budget migrate status tells."
    case .unfinished(let label):
      "Migration \(label) was begun and is not finished. Run: trust-budget migrate up"
    case .noWayBack(let label):
      "There is no way back from migration \(label): it has no .down.sql."
    case .wouldDestroy(let label, let tables):
      "Taking migration \(label) back would destroy what is in \(tables.joined(separator: ", ")), so it "
        + "stays, and those before it. Export the trail first, be ready to give every caller a new token "
        + "where tokens go, and then say: --destroy-audit-data"
    case .notNeeded(let reason):
      "Nothing was changed: \(reason)."
    case .catalogueDiffers(let differences):
      "The schema is not what the migrations make. Nothing was changed.\n"
        + differences.map { "  \($0)" }.joined(separator: "\n")
    case .wrongEncoding(let encoding):
      "The database's encoding is \(encoding); it \(SchemaProblem.encodingRequirement). "
        + "Nothing was changed. Use one that was made so: createdb --template template0 --encoding UTF8 NAME"
    case .badRole(let problem):
      "\(problem)."
    }
  }
}
