import Foundation
import PolicyFile
import Testing
import TrustBudget

@Suite("Diagnostics of a policy file")
struct DiagnosticsTests {
  @Test func `a diagnostic shows the place, the line and what to do`() throws {
    let problems = Policy.problems(
      """
      policies:
        - name: Developer
          principals: ["user"]
          max_duraton: "15m"
          max_duration: "15m"
      """)
    #expect(
      try #require(problems.first).description == """
        policy.yaml:4:5: error: unknown key "max_duraton" in a policy rule
            max_duraton: "15m"
            ^~~~~~~~~~~
            did you mean "max_duration"?  \
        (expected one of name, match, principals, max_duration, trust_budget)
        """)
    #expect(problems.count == 1)
  }

  @Test func `ten mistakes are reported at once, each at its own place`() {
    let problems = Policy.problems(
      """
      polices: []
      policies:
        - name: A
          name: B
          principals: "user"
          max_duration: soon
          match:
            source_ip: ["10.0.0.0/33"]
            hours: ["8-20"]
            local_usernames: []
          trust_budget:
            cost: -1
            reset_interval_hours: "24"
            budget_id: "${user}"
      """)
    let places = problems.map { "\($0.line):\($0.column)" }
    #expect(
      places == [
        "1:1", "4:5", "5:17", "6:19", "8:19", "9:15", "10:24", "12:13", "13:29", "14:18",
      ])
    #expect(problems.allSatisfy { $0.severity == .error })
  }

  @Test(arguments: [
    ("{budget_ids: [], cost: x, enforcement: y}", ["2:14", "2:24", "2:40"]),
    ("{cost: x, enforcement: y}", ["2:1", "2:8", "2:24"]),
    ("!own {budget_ids: [a], cost: x}", ["2:1", "2:30"]),
    ("{budget_ids: [a], cost: 1, cost: x}", ["2:28", "2:34"]),
    ("{budget_ids: [a], cost: x}]}}]\n--- {a: 1}\n#", ["2:25", "3:5"]),
    ("{budget_ids: [a], cost: x}]}}]\n--- [\n#", ["2:25", "5:1"]),
  ])
  func `a mistake keeps none inside it, or before it, from being reported`(
    override: String, places: [String]
  ) {
    let rule = "name: A, principals: [a], max_duration: 1m, trust_budget: {budget_id: a"
    let problems = Policy.problems("policies: [{\(rule), overrides: [\n\(override)]}}]")
    #expect(problems.map { "\($0.line):\($0.column)" } == places, "\(problems)")
  }

  @Test(arguments: [
    "database_url: postgresql://u:sesame@db/x",
    "databse_url: postgresql://u:sesame\(String(repeating: "0", count: 120))@db/x",
    "database_url: postgresql://u:sesame@db-1,db-2/x?sslmode=require: x",
    "database_url: host=db password=sesame", #"url: "passw\ord=sesame""#, "pgpass: sesame",
    "policies: postgresql://u:sesame@db/x", "postgresql://u:sesame@db/x: 1",
    "policies: >\n  postgresql://u:sesame@db/x", "policies: [{passwd: [sesame]}]",
    "client_secret: sesame", "postgresql://u:sesame\(String(repeating: "0", count: 120))@db/x",
  ])
  func `a line that may hold a password is not shown, nor what a message quotes of it`(yaml: String)
  {
    let problems = Policy.problems(yaml)
    #expect(!problems.isEmpty)
    #expect(!"\(problems)".contains("sesame"), "\(problems)")
  }

  @Test func `a list of too many budgets is read for what else is wrong with them`() {
    let budgets = (1...16).map { "{budget_id: \"b\($0)\"}" }.joined(separator: ", ")
    let problems = Policy.problems(
      """
      policies: [{name: A, principals: [a], max_duration: 1m, trust_budget: [\(budgets),
      {cost: x}]}]
      """)
    #expect(
      problems.map(\.message) == ["found 17 budgets", "found the text \"x\", not a whole number"])
  }

  @Test func `what is wrong with a balance is all that is said of it`() {
    let problems = Policy.problems(
      """
      policies: [{name: A, principals: [a], max_duration: 1m,
      trust_budget: {cost: 500, initial_balance: x}}]
      """)
    #expect(problems.map(\.message) == ["found the text \"x\", not a whole number"])
  }

  @Test(arguments: [
    ("", "the file is empty"),
    ("# nothing", "the file is empty"),
    ("null", "found no value, not a mapping"),
    ("[]", "found a list, not a mapping"),
    ("{}", "the policy has no \"policies\""),
    ("policies: []", "found an empty list"),
    ("policies:", "found no value, not a list"),
    ("policies: {}\ndefault: {principals: [a], max_duration: 1m}", "found a mapping, not a list"),
    ("policies: [x]", "found the text \"x\", not a mapping"),
    ("policies: []\n---\npolicies: []", "a second document begins here"),
    ("policies: [", "not valid YAML: did not find expected node content"),
    ("policies:\n\t- name: x", "not valid YAML: found character that cannot start any token"),
    ("policies: *rules", "not valid YAML: found undefined alias"),
    ("policies: [*@x]", "not valid YAML: did not find expected alphabetic"),
    ("? [a]\n: b\npolicies: []", "found a list, not a key"),
    ("policies: !!python/object:os.system []", "found the YAML tag"),
    ("policies: []\n<<: {}", "unknown key \"<<\""),
  ])
  func `each mistake in a file is named`(yaml: String, message: String) {
    let problems = Policy.problems(yaml)
    #expect(problems.contains { $0.message.hasPrefix(message) }, "\(problems)")
    #expect(problems.allSatisfy { $0.severity == .error })
  }

  @Test(arguments: [
    ("name: Rule", "duplicate key \"name\" in a policy rule"),
    ("match: [a]", "found a list, not a mapping"),
    ("match: {local_usernames: alice}", "found the text \"alice\", not a list"),
    ("match: {local_usernames: [on]}", "found the truth value on, not text"),
    ("match: {local_usernames: [123]}", "found the number 123, not text"),
    ("match: {local_usernames: [null]}", "found no value, not text"),
    ("match: {local_usernames: [[a]]}", "found a list, not text"),
    ("match: {emails: ['[a']}", "the text \"[a\" must close its \"[\""),
    ("trust_budget: 5", "found the number 5, not a mapping"),
    ("trust_budget: []", "found an empty list"),
    ("trust_budget: {cost: \"5\"}", "found the text \"5\", not a whole number"),
    ("trust_budget: {cost: 1.5}", "found the number 1.5, not a whole number"),
    ("trust_budget: {cost: 010}", "found the number 010, not a decimal number"),
    ("trust_budget: {cost: 99999999999999999999}", "the number 99999999999999999999 must be"),
    ("trust_budget: {cost: -99999999999999999999}", "the number -99999999999999999999 must be"),
    ("trust_budget: {cost: 9007199254740992}", "the number 9007199254740992 must be"),
    ("trust_budget: {cost: yes}", "found the truth value yes, not a whole number"),
    ("trust_budget: {reset_interval_hours: 0}", "the number 0 must be a number of hours"),
    ("trust_budget: {reset_interval_hours: 012}", "found the number 012, not a decimal number"),
    ("trust_budget: {reset_interval_hours: 1e999}", "the number 1e999 must be"),
    ("trust_budget: {reset_interval_hours: .nan}", "found the number .nan, not a number"),
    ("trust_budget: {enforcement: enforced}", "found the text \"enforced\""),
    ("trust_budget: {budget_id: 'g:${group}'}", "${group} never has a value here"),
    (
      "trust_budget: {budget_id: 'u:$username'}",
      "the text \"u:$username\" must write the variable"
    ),
    ("trust_budget: [{}, {}]", "two budgets of this rule are named \"user:${username}\""),
    ("trust_budget: {overrides: [{cost: 1}]}", "an override has no \"budget_ids\""),
    ("trust_budget: {overrides: [{budget_ids: ['*']}]}", "an override that changes nothing"),
  ])
  func `each mistake in a rule is named`(lines: String, message: String) {
    let problems = Policy.problems(Samples.rule(lines))
    #expect(problems.count == 1)
    #expect(problems.contains { $0.message.hasPrefix(message) }, "\(problems)")
  }

  @Test(arguments: ["off", "'off'", "0", "[x]"])
  func `what is no choice is told the choices, quotes or none`(value: String) {
    let problems = Policy.problems(Samples.rule("trust_budget: {enforcement: \(value)}"))
    #expect(problems.map(\.expected) == ["one of enforce, observe"], "\(problems)")
  }

  @Test func `names of budgets that cannot be read are not taken for the same`() {
    let problems = Policy.problems(
      Samples.rule("trust_budget: [{budget_id: '${user}'}, {budget_id: '${mail}'}]"))
    #expect(problems.count == 2)
    #expect(problems.allSatisfy { $0.message.contains("unknown variable") }, "\(problems)")
  }

  @Test(arguments: [
    "{name: default, principals: [a], max_duration: 1m}",
    "{name: break_glass, principals: [a], max_duration: 1m}",
    "{name: (explicit), principals: [a], max_duration: 1m}",
    "{name: '', principals: [a], max_duration: 1m}", "{principals: [a], max_duration: 1m}",
    "{name: a, principals: [], max_duration: 1m}", "{name: a, max_duration: 1m}",
    "{name: a, principals: ['a,b'], max_duration: 1m}",
    "{name: a, principals: ['a b'], max_duration: 1m}",
    "{name: a, principals: [\"a\\e\"], max_duration: 1m}", "{name: a, principals: [a]}",
    "{name: a, principals: [a], max_duration: 0}",
    "{name: a, principals: [a], max_duration: 012}",
  ])
  func `names and principals that would not survive their use are refused`(rule: String) {
    #expect(Policy.problems("policies: [\(rule)]").map(\.severity) == [.error])
  }

  @Test func `a second rule of the same name is refused, with the line of the first`() {
    let problems = Policy.problems(
      """
      policies:
        - {name: A, match: {emails: ["*"]}, principals: [a], max_duration: 1m}
        - {name: A, principals: [a], max_duration: 1m}
      """)
    #expect(problems.map(\.line) == [3])
    #expect(problems.first?.message.contains("line 2") == true)
    let alias = Policy.problems(
      """
      policies:
        - &rule {name: A, match: {emails: ["*"]}, principals: [a], max_duration: 1m}
        - *rule
      """)
    #expect(alias.first?.message.contains("an alias") == true, "\(alias)")
  }

  @Test func `what is likely wrong is a warning, and the policy is used`() throws {
    let policy = try Policy(
      """
      policies:
        - name: A
          principals: [a]
          max_duration: 15
          trust_budget: {cost: 5, initial_balance: 4, budget_id: "${username}${email}"}
        - {name: B, principals: [a, "${username}"], max_duration: 1m}
      """)
    #expect(policy.warnings.all.allSatisfy { $0.severity == .warning })
    #expect(policy.warnings.all.map(\.line) == [5, 5, 6, 6])
    #expect(policy.rules.count == 2)
    #expect(policy.rules.first?.limits.maxDuration.description == "15m")
  }

  @Test(arguments: [
    ("{budget_ids: ['user:ci'], cost: 101}", "a cost of 101 points can never"),
    ("{budget_ids: ['user:ci'], initial_balance: 1, cost: 2}", "a cost of 2 points can never"),
    // Whom nobody shall serve.
    ("{budget_ids: ['user:ci'], initial_balance: 0}", nil),
    ("{budget_ids: ['user:ci'], cost: 101, enforcement: observe}", nil),
    ("{budget_ids: ['user:ci'], cost: 101, initial_balance: 101}", nil),
    (
      "{budget_ids: ['user:${username}'], cost: 7}",
      "\"user:${username}\" is matched as it stands"
    ),
    ("{budget_ids: ['user:$username'], cost: 7}", "\"user:$username\" is matched as it stands"),
    ("{budget_ids: ['user:ci', 'group:*'], cost: 9}", "\"group:*\" matches none"),
    ("{budget_ids: ['*'], cost: 2}, {budget_ids: ['user:ci'], cost: 3}", "never reached"),
    ("{budget_ids: ['user:*'], cost: 2}, {budget_ids: ['user:ci'], cost: 3}", "never reached"),
    ("{budget_ids: ['*a', b*], cost: 2}, {budget_ids: [b*], cost: 3}", "\"b*\" matches none"),
    ("{budget_ids: ['*a', '*b'], cost: 2}, {budget_ids: ['*b'], cost: 3}", "never reached"),
    ("{budget_ids: ['user:ci'], cost: 2}, {budget_ids: ['*'], cost: 3}", nil),
  ])
  func `an override is looked at as its rule is`(overrides: String, message: String?) {
    let problems = Policy.problems(Samples.rule("trust_budget: {overrides: [\(overrides)]}"))
    #expect(problems.allSatisfy { $0.severity == .warning }, "\(problems)")
    #expect(problems.first?.message.hasPrefix(message ?? "none") ?? (message == nil), "\(problems)")
  }

  @Test func `what an override changes back is paid, and is no reason for another warning`() {
    let budget = "{cost: 500, overrides: [{budget_ids: ['user:ci'], reset_interval_hours: 1}]}"
    #expect(Policy.problems(Samples.rule("trust_budget: \(budget)")).count == 1)
    let wrong = "{cost: x, overrides: [{budget_ids: ['user:ci'], initial_balance: 0}]}"
    #expect(Policy.problems(Samples.rule("trust_budget: \(wrong)")).count == 1)
  }

  @Test func `a default that no request can come to is a warning`() {
    let standard = "\ndefault: {principals: [a], max_duration: 1m}"
    let problems = Policy.problems(Samples.rule() + standard)
    #expect(problems.map(\.message) == ["never reached: rule \"Rule\" matches every request"])
    #expect(problems.first?.line == 5)
    #expect(Policy.problems(Samples.rule(match: "emails: ['*']") + standard).isEmpty)
    let mistaken = Policy.problems(Samples.rule(match: "email: ['*']") + standard)
    #expect(mistaken.count == 1 && mistaken.first?.message.contains("unknown key") == true)
  }

  @Test func `anchors and aliases work, and a mistake in one is reported once`() throws {
    let policy = try Policy(
      """
      policies:
        - {name: A, match: {emails: &who ["a@*"]}, principals: &p [x], max_duration: 1m}
        - {name: B, match: {emails: *who}, principals: *p, max_duration: 1m}
      """)
    #expect(policy.rules.last?.limits.principals == ["x"])
    let problems = Policy.problems(
      """
      default: {principals: &p ["a b"], max_duration: 1m}
      policies: [{name: A, match: {emails: [a]}, principals: *p, max_duration: 1m}]
      """)
    #expect(problems.count == 1)
  }

  @Test func `a byte order mark and CR LF move nothing`() {
    let yaml = "\u{FEFF}policies:\r\n  - name: A\r\n    nmae: B\r\n"
    let unknown = Policy.problems(yaml).first { $0.message.hasPrefix("unknown key") }
    #expect(unknown?.line == 3)
    #expect(unknown?.column == 5)
    #expect(unknown?.sourceLine == "    nmae: B")
  }

  @Test func `columns count characters, and the caret stands below the right one`() throws {
    let problem = try #require(
      Policy.problems(#"{"policies": [], "é→": 1, "äö": 2}"#).first {
        $0.message.hasPrefix("unknown")
      })
    #expect(problem.column == 18)
    #expect(
      problem.description.split(separator: "\n").dropFirst().prefix(2).joined(separator: "\n")
        == #"""
            {"policies": [], "é→": 1, "äö": 2}
                             ^~~~
        """#)
  }

  @Test(arguments: [
    (
      "{webhook: \"https://u:sesame@h.example/x\"}",
      "webhook must have no user name and no password"
    ),
    ("{webhook: https://sesame@h.example}", "webhook must have no user name and no password"),
    ("{webhook: ftp://u:sesame@h.example}", "webhook must be an address"),
    ("{webhook: \"https://u:sesame h.example\"}", "webhook must be an address"),
    ("{webhok: https://u:sesame@h.example}", "unknown key"),
    (
      "{webhook: https://u:sesame@h.example/\(String(repeating: "x", count: 200)), wrong: 1}",
      "unknown"
    ),
    (
      "{wrong: 1, webhook: https://u:sesame-\(String(repeating: "x", count: 200))@h.example}",
      "unknown"
    ),
  ])
  func `the password of an address is not shown, wherever the mistake is`(
    notify: String, message: String
  ) {
    let problems = Policy.problems(
      """
      policies: []
      break_glass:
        principals: [root]
        max_duration: 60s
        notify: \(notify)
      """)
    #expect(problems.contains { $0.line == 5 && $0.column > 10 && $0.message.contains(message) })
    #expect(!problems.contains { $0.description.contains("sesame") }, "\(problems)")
  }

  @Test func `a word that secrets have for names hides no line in which it is none`() {
    let problems = Policy.problems(
      "policies: [{name: token-secrets, principal: [a], max_duration: 1m}]")
    #expect(!problems.isEmpty)
    #expect(problems.allSatisfy { $0.sourceLine.contains("token-secrets") }, "\(problems)")
    let others = Policy.problems(
      Samples.rule(
        "trust_budget: {cost: 1x, budget_id: 'token:${usernam}'} # secret: x, https://a@b"))
    #expect(others.count == 2)
    #expect(others.allSatisfy { !$0.sourceLine.isEmpty && !$0.message.contains("hidden") })
  }

  @Test func `it has a form for programs`() throws {
    let error = #expect(throws: FileDiagnostics.self) {
      try Policy("policies: []\ndefault: 1")
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let text = String(decoding: try encoder.encode(try #require(error).all), as: UTF8.self)
    #expect(text.hasPrefix(#"[{"column":10,"expected":""#))
    #expect(text.contains(#""line":2"#))
    #expect(text.contains(#""source_line":"default: 1""#))
  }
}
