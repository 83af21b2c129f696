import ArgumentParser
import TrustBudget

struct VersionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version", abstract: "Print the program's version.",
    discussion: "Example: trust-budget version")

  static let text = "trust-budget \(ProductVersion.current)"

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    if json {
      var object = JSONObjectText()
      object.put("version", ProductVersion.current)
      print(object.text)
    } else {
      print(VersionCommand.text)
    }
  }
}
