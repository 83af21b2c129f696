/// Why a database cannot be worked on, and what to do about it.
package enum SchemaProblem: Error, Hashable, Sendable {
  case missing
  case old(found: Int64, needed: Int64)
  case new(found: Int64, known: Int64)
  /// Not every name can be written there.
  case unfitEncoding(String)
  /// The schema or its history belongs to a role that must not be given the rights of the one that logs in.
  case foreignOwner(String, login: String)
  case withoutLedger
  /// There are budgets that were charged, and no entries at all.
  case withoutTrail
  /// The ledger came here by dump and restore, or with a copy of its database.
  case restored(otherServer: Bool)
  /// A standby was promoted, or a backup restored to a point in time, and nobody was there to see
  /// whether entries were lost.
  case promoted(from: Int64, to: Int64)
  /// What this node has seen committed is gone.
  case entriesLost(TrailHead)
  /// This node has seen a later epoch.
  case epochWentBack(found: Int64, seen: Int64)
  /// This node has worked on another ledger.
  case otherLedger(found: String, expected: String)
  /// The role that this node connects as may not do all that charging needs.
  case forbidden(role: String, rights: [String])
}

extension SchemaProblem {
  /// Whether it is about what became of the ledger, which another node or a new epoch settles.
  package var isOfHistory: Bool {
    switch self {
    case .restored, .promoted, .entriesLost, .epochWentBack: true
    case .missing, .unfitEncoding, .foreignOwner, .old, .new, .withoutLedger, .withoutTrail,
      .otherLedger, .forbidden:
      false
    }
  }
}

extension SchemaProblem: CustomStringConvertible {
  /// What a database's encoding must be; whoever makes one is told so before.
  static let encodingRequirement = "must be UTF8 or SQL_ASCII, for names may have any character"

  package var description: String {
    switch self {
    case .missing:
      "the database has no schema trust_budget yet; run: trust-budget migrate up"
    case .old(let found, let needed):
      "the schema is at version \(found) and this program needs \(needed); "
        + "run: trust-budget migrate up"
    case .new(let found, let known):
      "the schema is at version \(found) and this program knows \(known); upgrade the program"
    case .unfitEncoding(let encoding):
      "the database's encoding is \(encoding); it \(Self.encodingRequirement). Move the ledger "
        + "to one that was made so: createdb --template template0 --encoding UTF8 NAME"
    case .foreignOwner(let owner, let login):
      "the schema trust_budget, or the history in it, belongs to \(owner), who is neither a superuser nor the "
        + "database's owner: what \(owner) has put there would run with the rights of \(login). Nothing in it "
        + "was used. If it is your ledger, take that role (PGOPTIONS='-c role=…'), connect as it, or as "
        + "one that may do less; if it is not, remove it (DROP SCHEMA trust_budget CASCADE)"
    case .withoutLedger:
      "the table trust_budget.ledger is empty; restore the database from a backup"
    case .withoutTrail:
      "the budgets were restored, and their trail was not: trust_budget.audit_entries is empty. If the "
        + "constraint epoch_is_current refused it (pg_restore --schema-only, and --data-only after it), "
        + "run: ALTER TABLE trust_budget.audit_entries DROP CONSTRAINT epoch_is_current, ADD CONSTRAINT "
        + "epoch_is_current CHECK (epoch >= 1) NOT VALID, and the same of trust_budget.break_glass_events; "
        + "restore the rows of both, and run this again. If the entries are lost for good: TRUNCATE "
        + "trust_budget.budgets, and everybody begins anew"
    case .restored(otherServer: true):
      "the ledger was restored from a dump of another server, or copied from there row by row: entries "
        + "newer than the copy are not in it, and its transaction ids are not this server's. Make sure "
        + "that nobody works on the original any more, and then, as its owner, run: \(newEpoch)"
    case .restored(otherServer: false):
      "the ledger was restored from a dump, or the database is a copy (CREATE DATABASE … TEMPLATE): newer "
        + "entries are not in it. Or the table trust_budget.ledger was written anew where it is, by "
        + "pg_repack or an ALTER TABLE. Make sure that nobody works on an original any more, and then, as "
        + "its owner, run: \(newEpoch)"
    case .promoted(let from, let to):
      "the server's timeline went from \(from) to \(to): a standby was promoted, or a backup was "
        + "restored to a point in time, and this node, which has just started, cannot tell whether "
        + "entries were lost. A node that was at work before says so by itself. If there is none, "
        + "as the ledger's owner, run: \(newEpoch)"
    case .entriesLost(let head):
      "entries were lost: this node has seen \(head) committed, and it is not there any more, after "
        + "a failover or a restore. As the ledger's owner, run: \(newEpoch)"
    case .epochWentBack(let found, let seen):
      "the ledger is in epoch \(found), and this node has seen epoch \(seen): an older backup was "
        + "restored, or a failover lost the end. As the ledger's owner, run: \(newEpoch)"
    case .otherLedger(let found, let expected):
      "this is the ledger \(found), and this node has worked on \(expected); "
        + "check where it connects to, and restart the node if the change is meant"
    case .forbidden(let role, let rights):
      "the role \(role) has no \(rights.joined(separator: ", no ")); connect as one that may charge. "
        + "If \(role) is to charge, as the ledger's owner, run: trust-budget migrate up "
        + "--service-role \(role)"
    }
  }

  private var newEpoch: String { "trust-budget ledger new-epoch --reason …" }
}
