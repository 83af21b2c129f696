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

  @Option(
    help: ArgumentHelp("Where the node listens.", valueName: "host:port"),
    transform: ListenAddress.init(option:))
  var listen: [ListenAddress] = []

  @Option(
    name: .customLong("unix-socket"),
    help: ArgumentHelp("The node's Unix socket.", valueName: "path"))
  var unixSocket: String?

  @Option(
    name: .customLong("tls-cert"),
    help: ArgumentHelp("The node's certificate chain, PEM.", valueName: "path"))
  var certificate: String?

  @Option(
    name: .customLong("tls-key"),
    help: ArgumentHelp("The certificate's private key, PEM.", valueName: "path"))
  var key: String?

  @Option(
    name: .customLong("tls-client-ca"),
    help: ArgumentHelp("The CAs of callers' certificates, PEM.", valueName: "path"))
  var clientAuthority: String?

  @Option(
    name: .customLong("tls-roles"),
    help: ArgumentHelp("The roles of callers' certificates.", valueName: "path"))
  var clientRoles: String?

  @Option(help: "How callers of the node prove who they are.")
  var auth = Settings.authentication.value

  @Flag(inversion: .prefixedNo, help: "The node has --auth none on addresses that others reach.")
  var insecure = Settings.insecure.value

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    try database.validateSettings()
    for (setting, value) in [
      (Settings.policy, policy), (Settings.unixSocket, unixSocket),
      (Settings.certificate, certificate), (Settings.certificateKey, key),
      (Settings.clientAuthority, clientAuthority), (Settings.clientRoles, clientRoles),
    ] { try setting.validate(value) }
    for (setting, value) in [
      (Settings.auditFile, auditFile), (Settings.breakGlassJournal, breakGlassJournal),
    ] { if let value { try setting.validate(value) } }
  }

  func run() async throws {
    var findings: [Finding] = []
    if let path = Configuration.current.path {
      findings.append(.ok("configuration", "\(path); trust-budget config shows what holds."))
    }
    let policyPath = policy ?? Settings.policy.value
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
    if let auditFile { findings += FileCheck.auditFile(auditFile) }
    if let journal { findings += FileCheck.breakGlassJournal(journal) }
    let unixSocket = unixSocket ?? Settings.unixSocket.value
    if let unixSocket { findings += FileCheck.unixSocket(unixSocket) }
    let clientAuthority = clientAuthority ?? Settings.clientAuthority.value
    let certificate = certificate ?? Settings.certificate.value
    let key = key ?? Settings.certificateKey.value
    findings += FileCheck.tls(certificate: certificate, key: key, clientAuthority: clientAuthority)
    let clientRoles = clientRoles ?? Settings.clientRoles.value
    if let clientRoles { findings += FileCheck.clientRoles(clientRoles) }
    let files = NodeFiles(
      auditFile: auditFile,
      breakGlassJournal: journal ?? policyPath.map { _ in Settings.breakGlassJournal.value },
      others: [
        ("--policy", policyPath), ("--unix-socket", unixSocket), ("--tls-cert", certificate),
        ("--tls-key", key), ("--tls-client-ca", clientAuthority), ("--tls-roles", clientRoles),
      ])
    if let problem = files.problem {
      findings.append(.problem("files", "\(problem).", "Name another one for one of them."))
    }
    let named = listen.isEmpty ? Settings.listen.value : listen
    let addresses =
      policyPath == nil ? named : EntranceOptions.tcpAddresses(named, unixSocket: unixSocket)
    findings += addresses.map { AddressCheck($0).finding }
    if let problem = auth.problem(
      at: addresses, insecure: insecure, unixSocket: unixSocket,
      clientAuthority: clientAuthority, roles: clientRoles)
    {
      findings.append(
        .problem("auth", problem, "trust-budget config shows what holds, and whence."))
    }
    var node = LedgerSettings(node: "")
    node.lanes = Settings.lanes.value
    if let auditFile {
      findings += await FileCheck.evidence(
        in: auditFile, connectionString: try database.connectionString)
    }
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
