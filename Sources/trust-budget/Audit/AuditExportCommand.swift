import ArgumentParser
import AuditMirror
import Foundation
import TrustBudget

struct AuditExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write the trail, or a part of it, to take away.",
    discussion: """
      Example: trust-budget audit export --format sqlite --file server/data/trust_budget.db \\
                 --out trail.db

      From a node's file (--file) or from PostgreSQL, one consistent view. The SQLite file stands
      alone, holds the entries and the break-glass events, and `trust-budget audit verify --file`
      verifies it. csv and jsonl hold one of the two: entries, or with --what break-glass the
      emergencies. They are for other programs, and cannot be verified; texts are as they are, and a
      spreadsheet may take one for a formula. A part of the trail (--budget, --user, --since, --until)
      can be verified as far as neighbouring rows are in it. Break-glass events belong to no budget:
      with --budget there are none.
      """)

  @Option(help: "sqlite, csv or jsonl.")
  var format: ExportFormat

  @Option(
    help: ArgumentHelp(
      "Where to. Default, or -: standard output, for csv and jsonl.", valueName: "path"))
  var out: String?

  @Option(
    help: ArgumentHelp(
      "Export this audit file instead of PostgreSQL; as sqlite, if it verifies.", valueName: "path")
  )
  var file: String?

  @OptionGroup var database: DatabaseOptions

  @Option(help: "Of csv and jsonl: entries (default) or break-glass.")
  var what: Export.Trail?

  @Option(help: "Only this budget's entries.")
  var budget: String?

  @Option(help: "Only what is about this user.")
  var user: String?

  @Option(
    help: ArgumentHelp(
      "Only what happened from this time on: 2026-01-02 or 2026-01-02T03:04:05Z.", valueName: "time"
    ), transform: Timestamp.init(option:))
  var since: Timestamp?

  @Option(
    help: ArgumentHelp("Only what happened before this time.", valueName: "time"),
    transform: Timestamp.init(option:))
  var until: Timestamp?

  func validate() throws {
    guard format != .sqlite || path != nil else {
      throw ValidationError("a SQLite file cannot go to standard output: say --out")
    }
    guard out != "", file != "" else {
      throw ValidationError("the name of a file must not be empty")
    }
    guard budget != "", user != "" else {
      throw ValidationError("--budget and --user must not be empty")
    }
    guard format != .sqlite || what == nil else {
      throw ValidationError("a SQLite file holds both: --what is for csv and jsonl")
    }
    guard budget == nil || what != .breakGlass else {
      throw ValidationError("break-glass events belong to no budget: use --user, --since, --until")
    }
    guard file == nil || database.url == nil else {
      throw ValidationError("export from --file or from --database-url, not both")
    }
    if let since, let until, since >= until {
      throw ValidationError("--since must be before --until")
    }
  }

  /// The file to write; nil: standard output.
  private var path: String? { out == "-" ? nil : out }

  func run() async throws {
    let filter = ExportFilter(budgetID: budget, username: user, since: since, until: until)
    try await translatingAuditErrors {
      let source: ExportSource
      if let file {
        source = .file(try await ReadableFile(path: file))
      } else {
        source = .postgres(connectionString: try database.connectionString)
      }
      let result = try await ProgressLine.during { show in
        let export = Export(
          source, as: format, of: what ?? .entries, filter: filter, onProgress: show)
        guard let path else { return try await export.writeText(to: STDOUT_FILENO) }
        // Into a pipe, there is nothing to clean up, and nobody to say when it takes more.
        return Export.replaces(path)
          ? try await Interruption.cancelling { try await export.write(to: path) }
          : try await export.write(to: path)
      }
      if let path {
        let restriction = result.filter.map { " (\(printable($0)))" } ?? ""
        Console.note("\(path): \(words(result))\(restriction)")
      }
      noteWhatIsMissing(result)
    }
  }

  private func noteWhatIsMissing(_ result: Export.Result) {
    guard result.isHeldBack else { return }
    Console.note(
      "What was committed since the oldest open transaction began is not in it: trust-budget doctor "
        + "says whose that is.")
  }

  private func words(_ result: Export.Result) -> String {
    let entries = counted(result.entries, "entry", "entries")
    let events = counted(result.events, "break-glass event")
    return switch (format, what) {
    case (.sqlite, _): "\(entries), \(events)"
    case (_, .breakGlass): events
    default: entries
    }
  }
}

extension ExportFormat: ExpressibleByArgument {}
extension Export.Trail: ExpressibleByArgument {}
