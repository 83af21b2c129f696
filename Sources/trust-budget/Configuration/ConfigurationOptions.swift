import ArgumentParser

/// Which file has the settings that no flag names.
struct ConfigurationOptions: ParsableArguments {
  // Read before the options are, because what it says are their defaults.
  @Option(
    help: ArgumentHelp(
      "A file of settings for what no option and no TRUST_BUDGET_… variable says.",
      discussion: """
        Default: $\(Configuration.variable), else \(Configuration.standardPath) where that is there. \
        trust-budget config --help says more.
        """,
      valueName: "file"))
  var config: String?

  func validate() throws { try Configuration.validate() }
}
