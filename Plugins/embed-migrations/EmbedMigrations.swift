import Foundation

/// Writes a Swift file that holds the given files as string literals, keyed by file name.
///
/// Usage: `embed-migrations OUTPUT FILE…`
@main
struct EmbedMigrations {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard let output = arguments.first else {
      throw CocoaError(.fileNoSuchFile)
    }
    var source = "/// Generated from `migrations/` by the build; do not edit.\n"
    source += "let embeddedMigrationFiles: [(name: String, text: String)] = [\n"
    for path in arguments.dropFirst() {
      let text = try String(contentsOfFile: path, encoding: .utf8)
      // A raw string with three hashes: no SQL of ours closes it by accident, and nothing in it
      // is an escape, so the checksum of the literal is the checksum of the file.
      source += "  (\n    \(URL(filePath: path).lastPathComponent.debugDescription),\n"
      source += "    ###\"\"\"\n\(text)\n\"\"\"###\n  ),\n"
    }
    source += "]\n"
    try source.write(toFile: output, atomically: true, encoding: .utf8)
  }
}
