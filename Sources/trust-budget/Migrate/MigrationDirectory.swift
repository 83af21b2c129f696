import BudgetLedger
import ClaimedFile
import Foundation

/// A directory of migration files.
struct MigrationDirectory {
  let url: URL

  init(path: String) {
    url = URL(filePath: path, directoryHint: .isDirectory)
  }

  /// - Throws: `CommandFailure`.
  func migrations() throws -> [Migration] {
    do {
      let files = try names().filter { $0.hasSuffix(".sql") }.map {
        (name: $0, text: try String(contentsOf: url.appending(path: $0), encoding: .utf8))
      }
      return try Migrations.assemble(files)
    } catch let error as MigrationError {
      throw CommandFailure("\(error)")
    } catch {
      throw CommandFailure(
        "\(url.path(percentEncoded: false)) cannot be read: \(error.systemReason)")
    }
  }

  /// What these migrations make; nil where nobody wrote it down.
  func catalogue() throws -> Catalogue? {
    let file = url.appending(path: "catalogue.txt")
    guard let text = try? String(contentsOf: file, encoding: .utf8) else { return nil }
    guard let catalogue = Catalogue(text) else {
      throw CommandFailure(
        "\(file.path(percentEncoded: false)) is not what trust-budget migrate catalogue writes")
    }
    return catalogue
  }

  /// Makes the two files of the next migration.
  ///
  /// - Returns: their paths.
  func makeFiles(name: String) throws -> [String] {
    let label = Migration.label(version: Int64(try migrations().count + 1), name: name)
    return try [
      ("up", "-- What it does, and why.\n"), ("down", "-- Takes back what the up file does.\n"),
    ].map { direction, text in
      let file = url.appending(path: "\(label).\(direction).sql")
      do {
        try Data(text.utf8).write(to: file, options: .withoutOverwriting)
      } catch {
        throw CommandFailure(
          "\(file.path(percentEncoded: false)) cannot be made: \(error.systemReason)")
      }
      return file.path(percentEncoded: false)
    }
  }

  private func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: url.path(percentEncoded: false))
  }
}
