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
      alone, and `trust-budget audit verify --file` verifies it. A part of the trail (--budget,
      --user, --since, --until) can be verified as far as neighbouring entries are in it.
      """)

  @Option(help: "sqlite, csv or jsonl.")
  var format: ExportFormat

  @Option(
    help: ArgumentHelp("Where to. Default: standard output, for csv and jsonl.", valueName: "path"))
  var out: String?

  @Option(help: ArgumentHelp("Export this audit file instead of PostgreSQL.", valueName: "path"))
  var file: String?

  @OptionGroup var database: DatabaseOptions

  @Option(help: "Only this budget's entries.")
  var budget: String?

  @Option(help: "Only entries about this user.")
  var user: String?

  @Option(
    help: ArgumentHelp(
      "Only entries from this time on: 2026-01-02 or 2026-01-02T03:04:05Z.", valueName: "time"))
  var since: String?

  @Option(help: ArgumentHelp("Only entries before this time.", valueName: "time"))
  var until: String?

  func validate() throws {
    guard format != .sqlite || out != nil else {
      throw ValidationError("a SQLite file cannot go to standard output: say --out")
    }
    guard file == nil || database.url == nil else {
      throw ValidationError("export from --file or from --database-url, not both")
    }
    _ = try filter()
  }

  func run() async throws {
    let filter = try filter()
    try await translatingAuditErrors {
      let source: ExportSource
      if let file {
        source = .file(try await ReadableFile(path: file))
      } else {
        source = .postgres(connectionString: database.connectionString)
      }
      let progress = ProgressLine()
      let export = Export(
        source, as: format, filter: filter, onProgress: { progress.show($0, of: $1) })
      guard let out else {
        _ = try await export.writeText(to: STDOUT_FILENO)
        return progress.end()
      }
      let result = try await export.write(to: out)
      progress.end()
      let restriction = result.filter.map { " (\($0))" } ?? ""
      Console.note("\(out): \(result.entries) entries\(restriction)")
    }
  }

  private func filter() throws -> ExportFilter {
    ExportFilter(
      budgetID: budget, username: user, since: try moment(since, "--since"),
      until: try moment(until, "--until"))
  }

  private func moment(_ text: String?, _ option: String) throws -> Timestamp? {
    guard let text else { return nil }
    guard let moment = Timestamp(text) ?? Timestamp(text + "T00:00:00Z") else {
      throw ValidationError("\(option) must be a UTC time: 2026-01-02 or 2026-01-02T03:04:05Z")
    }
    return moment
  }
}

extension ExportFormat: ExpressibleByArgument {}
