import BudgetLedger
import LibPQ
import TrustBudget

/// Looks at the ledger's PostgreSQL as a node would use it.
struct DatabaseCheck {
  /// A transaction that is open for longer holds the mirrors back.
  private static let longTransaction = 60.0
  /// A difference of clocks that people begin to notice, in seconds.
  private static let clockDifference = 2.0

  let connectionString: String
  /// What a node opens.
  let sessions: Int

  func findings() async -> [Finding] {
    let before = Timestamp.wallClock()
    do {
      let checkup = try await LedgerCheckup.read(connectionString: connectionString)
      let after = Timestamp.wallClock()
      let server = [server(checkup), encryption(checkup.transport)].compactMap(\.self)
      let clock = clock(checkup, before: before, after: after)
      // A node works with the primary, of which a standby says nothing.
      guard let identity = checkup.schema else { return server + [clock] }
      return server + [
        role(checkup), await schema(identity), synchronousCommit(checkup), connections(checkup),
        horizon(checkup), clock,
      ]
    } catch let error as PostgresError where error.isAuthenticationFailure {
      return [
        .problem(
          "database", error.ledgerReason,
          "Check the role's name and password, that it may log in, and the server's pg_hba.conf. Where that "
            + "says peer, the role is named as the user who runs the node.")
      ]
    } catch let error as PostgresError where error.kind == .server {
      // It answers, so neither the address nor the server is what is wrong.
      return [
        .problem(
          "database", error.ledgerReason, "See docs/dba.md for roles, rights and poolers.")
      ]
    } catch {
      return [
        .problem(
          "database", error.ledgerReason,
          "Check --database-url, DATABASE_URL or the PG… variables, that the server is up, and that the "
            + "database was made (createdb); try the same with psql.")
      ]
    }
  }

  private func server(_ checkup: LedgerCheckup) -> Finding {
    if checkup.serverVersionNumber < 130_000 {
      return .problem(
        "server", "PostgreSQL \(checkup.serverVersion) is too old.", "Upgrade to 13 or later.")
    }
    if checkup.isInRecovery {
      return .problem(
        "server", "PostgreSQL \(checkup.serverVersion) is a standby: it decides nothing.",
        "Name all hosts in the URL (postgresql://a,b/ledger): a node finds the primary itself.")
    }
    return .ok("server", "PostgreSQL \(checkup.serverVersion), a primary.")
  }

  /// libpq's own default is to try TLS, and to go on without a word where that fails.
  private func encryption(_ transport: PostgresTransport) -> Finding? {
    guard let address = transport.address else { return nil }
    if transport.isEncrypted {
      return .ok("encryption", "the session with PostgreSQL at \(address) is encrypted.")
    }
    if transport.isRemote {
      return .warning(
        "encryption",
        "the session with PostgreSQL at \(address) is not encrypted: whoever is on the way reads it, "
          + "and may change it.",
        "Set up TLS in PostgreSQL, and say sslmode=verify-full, with sslrootcert, in the URL.")
    }
    return .ok(
      "encryption", "the session with PostgreSQL is not encrypted, and stays on this machine.")
  }

  private func role(_ checkup: LedgerCheckup) -> Finding {
    let role =
      checkup.loginRole == checkup.role
      ? "\"\(checkup.role)\"" : "\"\(checkup.loginRole)\", as \"\(checkup.role)\","
    if checkup.isSuperuser {
      return .warning(
        "role", "\(role) is a superuser: nothing keeps it from rewriting the trail.",
        "Let the service connect as a role of its own: trust-budget migrate up --help, docs/dba.md."
      )
    }
    guard let rights = checkup.rights else {
      return .warning(
        "role", "What \(role) may do cannot be told before schema and ledger are in order.",
        "See what is said of them.")
    }
    if !rights.missing.isEmpty, rights.canVerify {
      return .problem(
        "role", "\(role) may read and verify, as an auditor does, and not charge.",
        "Let the service connect as a role of its own: docs/dba.md.")
    }
    if !rights.missing.isEmpty {
      return .problem(
        "role", "\(role) has no \(rights.missing.joined(separator: ", no ")).",
        "As the owner: trust-budget migrate up --service-role \(checkup.role); docs/dba.md.")
    }
    if rights.canRewrite {
      return .warning(
        "role", "\(role) owns the database, the schema or what is in it, or may write anything.",
        "Right for migrations; let the service connect as a role that may not: docs/dba.md.")
    }
    if rights.canBecomeOthers {
      return .warning(
        "role",
        "\(role) may become a superuser, or make roles: nothing keeps it from rewriting the trail.",
        "Let the service connect as a role that may do neither: docs/dba.md.")
    }
    if rights.canReplicate {
      return .warning(
        "role",
        "\(role) may replicate: it can copy every database of the server, and fill its disk with the log.",
        "ALTER ROLE … NOREPLICATION, or let the service connect as another role: docs/dba.md.")
    }
    if let first = rights.excess.first {
      let more = rights.excess.count > 1 ? "; and \(rights.excess.count - 1) more" : ""
      return .warning(
        "role", "\(role) has more than it needs: \(first)\(more).",
        "Revoke that; trust-budget migrate up --service-role \(checkup.role) names all of it.")
    }
    return .ok("role", "\(role) may charge, and may not rewrite the trail.")
  }

  /// What nodes look at, and what they trust to be there: indexes, triggers, functions.
  private func schema(_ identity: Result<LedgerIdentity, SchemaProblem>) async -> Finding {
    let ledger: LedgerIdentity
    switch identity {
    case .success(let identity): ledger = identity
    case .failure(let problem):
      return .problem("schema", "nodes refuse to charge.", "\(problem)")
    }
    let name = "ledger \(ledger.id), epoch \(ledger.epoch)"
    do {
      let found = try await MigrationRunner(connectionString: connectionString).verify()
      if let next = found.pending.first {
        return .warning(
          "schema",
          "\(next.label) is still to come; \(name) was not compared with what the migrations make.",
          "trust-budget migrate up, as the owner.")
      }
      guard let differences = found.catalogue else {
        return .ok(
          "schema",
          "\(name); it is newer than this program, and was not compared with what the migrations make."
        )
      }
      guard let first = differences.first else { return .ok("schema", "\(name).") }
      let more = differences.count > 1 ? ", and \(differences.count - 1) more" : ""
      return .warning(
        "schema", "it is not as the migrations made it: \(first)\(more).",
        "trust-budget migrate verify names all of it; put it right as the owner.")
    } catch {
      return .warning(
        "schema",
        "it cannot be compared with what the migrations make: "
          + error.ledgerReason, "trust-budget migrate verify")
    }
  }

  private func synchronousCommit(_ checkup: LedgerCheckup) -> Finding {
    .ok(
      "synchronous_commit",
      checkup.synchronousCommit == "on"
        ? "on."
        : "\(checkup.synchronousCommit) for \"\(checkup.role)\"; nodes commit with on, whatever it says."
    )
  }

  private func connections(_ checkup: LedgerCheckup) -> Finding {
    let free = checkup.freeConnections
    let message = "\(free.count) are free; a node opens up to \(sessions)."
    let limit =
      switch free.limit {
      case .server: "max_connections"
      case .role: "the limit of the role \"\(checkup.loginRole)\" (ALTER ROLE … CONNECTION LIMIT)"
      case .database: "the limit of the database (ALTER DATABASE … CONNECTION LIMIT)"
      }
    return free.count < sessions
      ? .warning(
        "connections", message,
        "Raise \(limit), or look who keeps so many: pg_stat_activity.")
      : .ok("connections", message)
  }

  private func horizon(_ checkup: LedgerCheckup) -> Finding {
    guard let holder = checkup.horizonHolder else {
      return .ok("horizon", "no transaction is open.")
    }
    let whose = "the oldest open transaction is that of \(holder)"
    guard let since = holder.since else {
      return .warning(
        "horizon",
        "\(whose); \"\(checkup.role)\" may not see since when. While it is open, nothing newer "
          + "reaches the mirrors.",
        "GRANT pg_read_all_stats TO \"\(checkup.role)\", and look again.")
    }
    let age = Double(checkup.now.microseconds - since.microseconds) / 1_000_000
    guard age > DatabaseCheck.longTransaction else {
      return .ok("horizon", "no transaction has been open for long.")
    }
    return .warning(
      "horizon", "\(whose), \(Int(age)) s: nothing newer reaches the mirrors.",
      "End it (pg_terminate_backend, ROLLBACK PREPARED), and set idle_in_transaction_session_timeout."
    )
  }

  /// The server's clock decides; this machine's only says what hour it is for rules with `hours`.
  private func clock(_ checkup: LedgerCheckup, before: Timestamp, after: Timestamp) -> Finding {
    let early = Double(before.microseconds - checkup.now.microseconds) / 1_000_000
    let late = Double(checkup.now.microseconds - after.microseconds) / 1_000_000
    let difference = max(early, late, 0)
    return difference > DatabaseCheck.clockDifference
      ? .warning(
        "clock", "this machine's clock and the server's differ by \(Int(difference)) s.",
        "Synchronise both (timedatectl, chrony): rules with hours use this machine's.")
      : .ok("clock", "this machine's and the server's agree.")
  }
}
