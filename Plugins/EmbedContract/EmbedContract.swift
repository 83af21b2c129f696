import Foundation
import PackagePlugin

/// Turns `openapi.yaml` into a Swift file of the target that uses this plugin.
@main
struct EmbedContract: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let file = context.package.directoryURL.appending(path: "openapi.yaml")
    let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedContract.swift")
    return [
      .buildCommand(
        displayName: "Embedding openapi.yaml",
        executable: try context.tool(named: "embed-files").url,
        arguments: [
          output.path(percentEncoded: false), "embeddedContractFiles",
          file.path(percentEncoded: false),
        ],
        inputFiles: [file], outputFiles: [output])
    ]
  }
}
