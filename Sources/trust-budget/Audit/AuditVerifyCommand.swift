import ArgumentParser
import AuditMirror
import BudgetLedger
import LibPQ
import TrustBudget

struct AuditVerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Verify every hash and every figure of the trail, and of the emergencies.",
    discussion: """
      Example: trust-budget audit verify --file server/data/trust_budget.db

      --file needs no PostgreSQL, and reads any copy, on a read-only disk too. --file with --against
      compares the file with PostgreSQL, row for row. Without --file, PostgreSQL is verified: its
      entries, that each budget's row is what its entries make of it, and each journal's
      break-glass events.
      """)

  @Option(help: ArgumentHelp("The audit file, a copy of it, or an export.", valueName: "path"))
  var file: String?

  @Option(help: ArgumentHelp("Compare the file with this PostgreSQL.", valueName: "url"))
  var against: String?

  @OptionGroup var database: DatabaseOptions

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard file != nil || against == nil else {
      throw ValidationError("--against compares a file: say which, with --file")
    }
    guard file == nil || database.url == nil else {
      throw ValidationError("to compare a file with PostgreSQL, use --against")
    }
  }

  func run() async throws {
    if let file {
      try await translatingAuditErrors { try await verify(file) }
    } else {
      try await translatingAuditErrors { try await verifyDatabase() }
    }
  }

  private func verify(_ path: String) async throws {
    let file = try await ReadableFile(path: path)
    defer { file.close() }
    let summary = try await file.summary
    let progress = ProgressLine()
    var report: FileReport
    if let against {
      report = try await Comparison(file, connectionString: against)
        .run(onProgress: { progress.show($0, of: $1) })
    } else {
      report = try await FileVerification(file).run(onProgress: { progress.show($0, of: $1) })
    }
    progress.end()
    try show(report, of: path, summary)
  }

  private func show(_ report: FileReport, of path: String, _ summary: FileSummary) throws {
    if json {
      var object = JSONObjectText()
      object.put("ok", report.isSound)
      object.put("file", path)
      object.put("ledger", summary.ledger.id)
      object.put("epoch", summary.ledger.epoch)
      object.put("entries", report.entries)
      if let events = report.events { object.put("break_glass_events", events) }
      if against == nil {
        object.put("budgets", report.budgets)
        if report.events != nil { object.put("journals", report.journals) }
        object.put("unverifiable", report.unverifiable)
      }
      if let filter = summary.filter { object.put("filter", filter) }
      object.put("fault_count", Int64(report.faultCount))
      object.put("faults", report.faults.map { JSONObjectText($0) })
      print(object.text)
    } else {
      for fault in report.faults.prefix(100) { print(fault) }
      if report.faultCount > 100 { print("… and \(report.faultCount - 100) more") }
      let verdict =
        report.isSound ? "ok" : counted(Int64(report.faultCount), "fault")
      print("\(path): ledger \(summary.ledger.id), epoch \(summary.ledger.epoch)")
      let entries = counted(report.entries, "entry", "entries")
      let events = counted(report.events ?? 0, "break-glass event")
      if against != nil {
        print("\(entries) and \(events) compared with PostgreSQL: \(verdict)")
      } else {
        print(
          "\(entries) of \(counted(report.budgets, "budget")), "
            + "\(events) of \(counted(report.journals, "journal")): \(verdict)")
      }
      if report.events == nil {
        print("a file of the first format, which holds no break-glass events")
      }
      if let filter = summary.filter {
        print(
          "an export restricted to \(filter): \(report.unverifiable) of them follow on some that "
            + "are not in it, and cannot be verified")
      }
    }
    if !report.isSound { throw ExitCode.failure }
  }

  private func verifyDatabase() async throws {
    let ledger = try await LedgerStatus.read(connectionString: database.connectionString).ledger
    var configuration = try PostgresConfiguration(database.connectionString)
    configuration.applicationName = "trust-budget audit"
    configuration.requirePrimary()
    configuration.sessionSettings = [
      // A limit that is right for the role's everyday work would cut the reading of a whole trail short.
      ("statement_timeout", "0"), ("search_path", "pg_catalog, pg_temp"),
    ]
    let connection = try await PostgresConnection.connect(configuration)
    let faults: [String]
    do {
      // Entries and rows must be of one moment.
      faults = try await connection.run { session in
        try session.executeScript("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        let faults = try LedgerAudit.faults(on: session)
        try session.executeScript("COMMIT")
        return faults
      }
      await connection.close()
    } catch {
      await connection.close()
      throw error
    }
    if json {
      var object = JSONObjectText()
      object.put("ok", faults.isEmpty)
      object.put("ledger", ledger.id)
      object.put("epoch", ledger.epoch)
      object.put("fault_count", Int64(faults.count))
      object.put("faults", faults)
      print(object.text)
    } else {
      for fault in faults { print(fault) }
      let verdict = faults.isEmpty ? "ok" : counted(Int64(faults.count), "fault")
      print("PostgreSQL: ledger \(ledger.id), epoch \(ledger.epoch): \(verdict)")
    }
    if !faults.isEmpty { throw ExitCode.failure }
  }
}
