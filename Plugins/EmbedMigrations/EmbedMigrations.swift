import Foundation
import PackagePlugin

/// Turns `migrations/*.sql`, and `catalogue.txt` beside them, into one Swift file of the target that uses this plugin.
@main
struct EmbedMigrations: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let directory = context.package.directoryURL.appending(path: "migrations")
    let files = try FileManager.default
      .contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "sql" || $0.lastPathComponent == "catalogue.txt" }
      .sorted { $0.lastPathComponent < $1.lastPathComponent }
    let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedMigrations.swift")
    return [
      .buildCommand(
        displayName: "Embedding \(files.count) migration files",
        executable: try context.tool(named: "embed-files").url,
        arguments: [output.path(percentEncoded: false), "embeddedMigrationFiles"]
          + files.map { $0.path(percentEncoded: false) },
        inputFiles: files,
        outputFiles: [output])
    ]
  }
}
