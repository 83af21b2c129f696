import ArgumentParser
import BudgetLedger
import TrustBudget

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Look at everything that a node needs, and say what is wrong and what to do.",
    discussion: """
      Example: trust-budget doctor --database-url postgresql:///ledger --policy policy.yaml

      Without options it looks at what the node's environment and configuration name. It changes
      nothing. Exits with 1 when something does not work; a warning is no failure.
      """)

  @OptionGroup var database: DatabaseOptions

  @Option(help: "The policy file of the node.")
  var policy: String?

  @Option(
    name: .customLong("audit-file"),
    help: ArgumentHelp(
      "The node's SQLite file.", valueName: "path"))
  var auditFile: String?

  @Option(
    name: .customLong("tls-cert"),
    help: ArgumentHelp("The node's certificate chain, PEM.", valueName: "path"))
  var certificate: String?

  @Option(
    name: .customLong("tls-key"),
    help: ArgumentHelp("The certificate's private key, PEM.", valueName: "path"))
  var key: String?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws { try database.validateSettings() }

  func run() async throws {
    var findings: [Finding] = []
    if let path = Configuration.current.path {
      findings.append(.ok("configuration", "\(path); trust-budget config shows what holds."))
    }
    if let policy = policy ?? Settings.policy.value { findings += FileCheck.policy(policy) }
    if let auditFile = auditFile ?? Settings.auditFile.configured {
      findings += FileCheck.auditFile(auditFile)
    }
    findings += FileCheck.tls(
      certificate: certificate ?? Settings.certificate.value,
      key: key ?? Settings.certificateKey.value)
    if let problem = ServeCommand.openness(
      of: Settings.listen.value, Settings.authentication.value, Settings.insecure.value)
    {
      findings.append(.problem("listen", problem, "Change auth, listen or insecure."))
    }
    var node = LedgerSettings(node: "")
    node.lanes = Settings.lanes.value
    findings += try await DatabaseCheck(
      connectionString: database.connectionString,
      sessions: node.sessionsOfNode
    ).findings()
    if json {
      var object = JSONObjectText()
      object.put("findings", findings.map(\.json))
      print(object.text)
    } else {
      for finding in findings { print(finding.text) }
    }
    if findings.contains(where: { $0.status == .problem }) { throw ExitCode.failure }
  }
}
