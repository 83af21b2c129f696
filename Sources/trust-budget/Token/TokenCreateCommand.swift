import ArgumentParser
import BudgetLedger
import PolicyFile
import TrustBudget

struct TokenCreateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Make a token. It is shown once, and kept nowhere.",
    discussion: """
      Example: trust-budget token create --name ca-1 --role issuer --expires-in 90d > ca-1.token

      Roles: issuer (authorizations, their settlement and refund, break-glass), charger (explicit
      charges), auditor (reads everything), admin (everything; alone adjustments, resets, and refunds
      after settlement). The name is the actor of all that the caller brings about, and is never given
      to another token.
      """)

  @Option(help: "The caller's name.")
  var name: String

  @Option(
    name: .customLong("role"),
    help: ArgumentHelp("What the caller may do; may be given several times.", valueName: "role"))
  var roles: [Role]

  @Option(
    name: .customLong("expires-in"),
    help: ArgumentHelp(
      "How long the token is good: 12h, 90d. Default: until it is revoked.", valueName: "duration"))
  var expiresIn: String?

  @OptionGroup var database: DatabaseOptions

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard !roles.isEmpty else { throw ValidationError("give at least one --role") }
    _ = try checked("--name") { () throws(InvalidValue) in try CallerName.validate(name) }
    _ = try lifetime()
  }

  func run() async throws {
    let secret = TokenSecret.random()
    let created = try await translatingErrors {
      try await TokenStore(connectionString: database.connectionString).create(
        name: name, roles: Set(roles), secret: secret, lifetime: try lifetime())
    }
    guard let token = created else {
      throw CommandFailure(
        "there is or was a token \(name); choose another name, such as \(name)-2")
    }
    if json {
      var object = token.json(at: .wallClock())
      object.put("token", secret.text)
      print(object.text)
      try flush()
    } else {
      print(secret.text)
      try flush()
      Console.note("Keep it: it is not shown again. Every node takes it within two seconds.")
    }
  }

  private func flush() throws(CommandFailure) {
    do {
      try Console.flushOutput()
    } catch {
      throw CommandFailure(
        "\(error.message); the token is lost: trust-budget token revoke \(name)")
    }
  }

  private func lifetime() throws -> Duration? {
    guard let expiresIn else { return nil }
    return .seconds(
      try checked("--expires-in") { () throws(InvalidValue) in
        try CertificateDuration(expiresIn).seconds
      })
  }
}
