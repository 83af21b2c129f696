import ArgumentParser

/// Where a node's copy of the audit trail is.
struct AuditFileOptions: ParsableArguments {
  @Option(
    name: .customLong("audit-file"),
    help: ArgumentHelp(
      "The SQLite file that holds the whole audit trail; one for each node. Its directory is made.",
      valueName: "path"))
  var path = Settings.auditFile.value
}
