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
      compares it with PostgreSQL as well, row for row, as far as the file goes, and says how far that
      is and what PostgreSQL has beyond: an older copy cannot be told from a file whose end was cut
      off. Of entries beyond, a million are counted; where there are more, the JSON says
      "entries_to_come_is_minimum": true. Without --file, PostgreSQL is verified: its entries, that
      each budget's row is what its entries make of it, and each journal's break-glass events.
      """)

  @Option(
    help: ArgumentHelp("The audit file, a copy of it, or a SQLite export.", valueName: "path"))
  var file: String?

  @Option(help: ArgumentHelp("Compare the file with this PostgreSQL.", valueName: "url"))
  var against: String?

  @OptionGroup var database: DatabaseOptions

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard file != "" else { throw ValidationError("the name of a file must not be empty") }
    guard file != nil || against == nil else {
      throw ValidationError("--against compares a file: say which, with --file")
    }
    guard file == nil || database.url == nil else {
      throw ValidationError("to compare a file with PostgreSQL, use --against")
    }
  }

  func run() async throws {
    do {
      try await translatingAuditErrors {
        if let file { try await verify(file) } else { try await verifyDatabase() }
      }
    } catch let failure as CommandFailure where json {
      var object = JSONObjectText()
      object.put("ok", false)
      if let file { object.put("file", file) }
      object.put("problem", failure.message)
      print(object.text)
      throw failure
    }
  }

  private func verify(_ path: String) async throws {
    let file = try await ReadableFile(path: path)
    defer { file.close() }
    let summary = try await file.summary
    let (report, comparison) = try await ProgressLine.during { show in
      guard let against else {
        return (try await FileVerification(file).run(onProgress: show), Comparison.Result?.none)
      }
      let result = try await Comparison(file, connectionString: against).run(onProgress: show)
      return (result.report, result)
    }
    try show(
      Verdict(
        report: report, path: path, ledger: summary.ledger, filter: summary.filter,
        comparison: comparison))
  }

  private func verifyDatabase() async throws {
    let ledger = try await LedgerStatus.read(connectionString: database.connectionString).ledger
    var configuration = try PostgresConfiguration(
      command: "audit", database.connectionString, isReadOnly: true)
    configuration.requirePrimary()
    configuration.lockTimeout = .seconds(10)
    configuration.liftStatementTimeout()
    // Whoever stops this program for a while reads nothing meanwhile, which would count as no answer.
    configuration.sessionSettings.append(("tcp_user_timeout", "0"))
    let report = try await ProgressLine.during { show in
      try await PostgresConnection.with(configuration) { connection in
        // Entries and rows must be of one moment.
        try await connection.run { session in
          try session.executeScript("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
          session.liftResponseTimeout()
          let report = try LedgerAudit.report(on: session, onProgress: show)
          try session.executeScript("COMMIT")
          return report
        }
      }
    }
    try show(Verdict(report: report, ledger: ledger))
  }

  private func show(_ verdict: Verdict) throws {
    if json { verdict.printJSON() } else { verdict.printText() }
    if !verdict.report.isSound { throw ExitCode.failure }
  }
}

/// What came of a verification.
private struct Verdict {
  let report: TrailReport
  /// The file that was verified; nil for PostgreSQL.
  var path: String?
  let ledger: LedgerIdentity
  /// What the file, an export, is restricted to; nil for a whole trail.
  var filter: String?
  /// How far the file was compared with PostgreSQL, if it was.
  var comparison: Comparison.Result?

  func printJSON() {
    var object = JSONObjectText()
    object.put("ok", report.isSound)
    if let path { object.put("file", path) }
    object.put("ledger", ledger.id)
    object.put("epoch", ledger.epoch)
    object.put("entries", report.entries)
    object.put("break_glass_events", report.events)
    object.put("budgets", report.budgets)
    object.put("journals", report.journals)
    if path != nil { object.put("unverifiable", report.unverifiable) }
    if let comparison {
      object.put("position", JSONObjectText(comparison.file.entries.position))
      if let moment = comparison.file.completeAsOf { object.put("complete_as_of", moment) }
      object.put(toCome: comparison.behind)
    }
    if let filter { object.put("filter", filter) }
    object.put("fault_count", Int64(report.faultCount))
    object.put("faults", report.faults.map { JSONObjectText($0) })
    print(object.text)
  }

  func printText() {
    for fault in report.faults.prefix(100) { print(printable("\(fault)")) }
    if report.faultCount > 100 { print("… and \(report.faultCount - 100) more") }
    let verdict = report.isSound ? "ok" : counted(report.faultCount, "fault")
    print("\(path ?? "PostgreSQL"): ledger \(ledger.id), epoch \(ledger.epoch)")
    let entries = counted(report.entries, "entry", "entries")
    let events = counted(report.events, "break-glass event")
    if let comparison {
      print("\(entries) and \(events) compared with PostgreSQL: \(verdict)")
      printEnd(of: comparison)
    } else {
      print(
        "\(entries) of \(counted(report.budgets, "budget")), "
          + "\(events) of \(counted(report.journals, "journal")): \(verdict)")
    }
    if let filter {
      print(
        "an export restricted to \(printable(filter)): \(report.unverifiable) of them follow on some "
          + "that are not in it, and cannot be verified")
    } else if report.unverifiable > 0 {
      // What they say may be anything, for all that the file shows.
      let remedy = comparison == nil ? "; --against compares all with PostgreSQL" : ""
      print(
        "not verified: \(counted(report.unverifiable, "row")), as what comes before is still awaited"
          + remedy)
    }
  }

  /// How far the two were compared. What is beyond may be new, or may have been cut off.
  private func printEnd(of comparison: Comparison.Result) {
    let (file, behind) = (comparison.file, comparison.behind)
    let moment = file.completeAsOf.map { ", by its own words complete as of \($0)" } ?? ""
    let end =
      file.entries.rows > 0 ? "goes as far as \(file.entries.position)" : "holds no entry"
    print("the file \(end)\(moment)")
    let entries = counted(behind.entries, "entry", "entries")
    print(
      "PostgreSQL has \(behind.isMoreThanCounted ? "more than " : "")\(entries) and "
        + "\(counted(behind.events, "break-glass event")) beyond that"
        + (behind.oldest.map { ", the oldest of \($0)" } ?? ""))
  }
}
