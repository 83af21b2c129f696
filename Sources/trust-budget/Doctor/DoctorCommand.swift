import ArgumentParser
import BudgetLedger
import PolicyFile
import TrustBudget

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Look at everything that a node needs, and say what is wrong and what to do.",
    discussion: """
      Example: trust-budget doctor --database-url postgresql:///ledger --policy policy.yaml

      Without options it looks at what the node's environment and configuration name; where there is a
      policy, at the files that a node has by default, too. It changes nothing. Exits with 1 when
      something does not work; a warning is no failure.
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
    name: .customLong("break-glass-journal"),
    help: ArgumentHelp("The node's journal of emergencies.", valueName: "path"))
  var breakGlassJournal: String?

  @OptionGroup(title: "The node's connections") var address: AddressOptions
  @OptionGroup(title: "The node's connections") var tls: TLSOptions

  @OptionGroup var authentication: AuthenticationOptions

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    try database.validateSettings()
    try Settings.policy.validate(policy)
    if let auditFile { try Settings.auditFile.validate(auditFile) }
    if let breakGlassJournal { try Settings.breakGlassJournal.validate(breakGlassJournal) }
  }

  private var policyPath: String? { policy ?? Settings.policy.value }

  func run() async throws {
    var findings: [Finding] = []
    if let path = Configuration.current.path {
      findings.append(.ok("configuration", "\(path); trust-budget config shows what holds."))
    }
    findings += Configuration.current.misspelt.map {
      .warning("configuration", $0, "Rename it, or unset it.")
    }
    let policy = policyPath.map(FileCheck.policy)
    findings += policy?.findings ?? []
    // Who names a policy means a node, and it has these files wherever it is not told.
    let auditFile =
      auditFile
      ?? (policy == nil ? Settings.auditFile.configured : Settings.auditFile.value)
    let journal =
      breakGlassJournal
      ?? (policy?.policy?.breakGlass == nil
        ? Settings.breakGlassJournal.configured : Settings.breakGlassJournal.value)
    findings += fileFindings(auditFile: auditFile, journal: journal)
    findings += connectionFindings()
    findings += try await databaseFindings(auditFile: auditFile)
    if json {
      var object = JSONObjectText()
      object.put("findings", findings.map(\.json))
      print(object.text)
    } else {
      for finding in findings { print(printableLines(finding.text)) }
    }
    if findings.contains(where: { $0.status == .problem }) { throw ExitCode.failure }
  }

  private func fileFindings(auditFile: String?, journal: String?) -> [Finding] {
    var findings: [Finding] = []
    if let auditFile { findings.append(FileCheck.auditFile(auditFile)) }
    if let journal { findings.append(FileCheck.breakGlassJournal(journal)) }
    if let path = address.unixSocket { findings.append(FileCheck.unixSocket(path)) }
    findings += TLSCheck(tls: tls).findings
    if let path = tls.clientRoles { findings.append(FileCheck.clientRoles(path)) }
    let files = NodeFiles(
      auditFile: auditFile,
      breakGlassJournal: journal ?? policyPath.map { _ in Settings.breakGlassJournal.value },
      others: [("--policy", policyPath), ("--unix-socket", address.unixSocket)] + tls.files)
    if let problem = files.problem {
      findings.append(.problem("files", "\(problem).", "Name another one for one of them."))
    }
    return findings
  }

  private func connectionFindings() -> [Finding] {
    let addresses = policyPath == nil ? address.named : address.tcp
    var findings = addresses.map { AddressCheck($0).finding }
    if let problem = authentication.problem(at: address, with: tls) {
      findings.append(
        .problem("auth", problem, "trust-budget config shows what holds, and whence."))
    }
    return findings
  }

  private func databaseFindings(auditFile: String?) async throws -> [Finding] {
    let connectionString = try database.connectionString
    var findings: [Finding] = []
    if let auditFile,
      let finding = await FileCheck.evidence(in: auditFile, connectionString: connectionString)
    {
      findings.append(finding)
    }
    var node = LedgerSettings(node: "")
    node.lanes = Settings.lanes.value
    let database = DatabaseCheck(
      connectionString: connectionString, sessions: node.sessionsOfNode)
    return findings + (await database.findings())
  }
}
