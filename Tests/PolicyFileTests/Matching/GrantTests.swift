import PolicyFile
import Testing
import TrustBudget

@Suite("What a rule grants")
struct GrantTests {
  private func verdict(
    _ lines: String = "", match: String? = nil,
    _ change: (inout IssuanceRequest) throws -> Void = { _ in }
  ) throws -> Result<Grant, Refusal> {
    var request = try Samples.request()
    try change(&request)
    return try Policy(Samples.rule(match: match, lines))
      .verdict(request, at: try Samples.moment())
  }

  @Test
  func `a request gets what it asks for within the rule, and all of it when it asks for nothing`()
    throws
  {
    let everything = try #require(try verdict().grant)
    #expect(everything.principals == ["user", "admin"])
    #expect(everything.maxDuration.description == "1h")
    let part = try verdict {
      $0.requestedPrincipals = ["admin"]
      $0.requestedDuration = try CertificateDuration("90s")
    }
    #expect(part.grant?.principals == ["admin"])
    let twice = try verdict { $0.requestedPrincipals = ["user", "admin", "user"] }
    #expect(twice.grant?.principals == ["user", "admin"])
    #expect(part.grant?.maxDuration.description == "90s")
  }

  @Test func `asking for more than the rule allows is refused, and says what is allowed`() throws {
    let principal = try verdict { $0.requestedPrincipals = ["user", "root"] }.refusal
    #expect(principal?.rule == "Rule")
    #expect(
      principal?.message
        == #"Principal "root" is not allowed by rule "Rule"; it allows user, admin."#)
    let duration = try verdict { $0.requestedDuration = try CertificateDuration("61m") }.refusal
    #expect(
      duration?.message
        == #"A certificate for 61m is longer than rule "Rule" allows; ask for at most 1h."#)
  }

  @Test func `a budget that says nothing has the default terms`() throws {
    let grant = try #require(try verdict("trust_budget: {}").grant)
    #expect(grant.budgets == [Terms(budgetID: try BudgetID("user:alice"))])
    #expect(try verdict().grant?.budgets == [])
  }

  @Test func `a list of budgets keeps its order and is known to be a list, even of one`() throws {
    let both = try #require(
      try verdict(
        #"""
        trust_budget:
          - budget_id: "user:${username}"
          - {budget_id: "group:${group}", cost: 2, enforcement: observe, reset_interval_hours: 0.5}
        """#, match: #"oidc_groups: ["sre", "*"]"#, { $0.oidcGroups = ["ops", "sre"] }
      ).grant)
    #expect(both.budgetsAreAList)
    #expect(both.budgets.map(\.budgetID.value) == ["user:alice", "group:sre"])
    #expect(both.budgets.last?.enforcement == .observe)
    #expect(both.budgets.last?.resetInterval?.hours == 0.5)
    let one = try verdict("trust_budget: [{cost: 3}]").grant
    #expect(one?.budgetsAreAList == true)
    #expect(one?.budgets.first?.cost.value == 3)
  }

  @Test func `a variable without a value refuses the request and is named`() throws {
    let email = try verdict(#"trust_budget: {budget_id: "mail:${email}"}"#).refusal
    #expect(email == .missingIdentity(rule: "Rule", variable: .email))
    #expect(email?.message.contains("${email}") == true)
    let group = try verdict(
      #"trust_budget: {budget_id: "group:${group}"}"#,
      match: #"local_usernames: ["*"], oidc_groups: ["sre"]"#, { $0.oidcGroups = ["ops"] })
    #expect(group.refusal == .missingIdentity(rule: "Rule", variable: .group))
  }

  @Test func `two budgets that come out with one name refuse the request`() throws {
    let refusal = try verdict(
      #"trust_budget: [{budget_id: "b:${username}"}, {budget_id: "b:${email}"}]"#,
      { $0.email = "alice" }
    ).refusal
    #expect(refusal == .conflictingBudgets(rule: "Rule", budgetID: try BudgetID("b:alice")))
    #expect(refusal?.message.contains("\"b:alice\"") == true)
  }

  @Test func `a name that no budget can have refuses the request`() throws {
    let refusal = try verdict(
      #"trust_budget: {budget_id: "b:${email}"}"#, { $0.email = "\u{202E}" }
    ).refusal
    #expect(refusal?.message.contains("must not contain the character U+202E") == true)
    #expect(refusal?.message.contains("\u{202E}") == false)
  }

  @Test func `the first override that matches the finished name applies`() throws {
    let terms = try verdict(
      #"""
      trust_budget:
        initial_balance: 10
        overrides:
          - {budget_ids: ["alice"], cost: 7}
          - {budget_ids: ["user:b*", "user:a*"], cost: 2, enforcement: observe}
          - {budget_ids: ["user:alice"], cost: 3, initial_balance: 5}
      """#
    ).grant?.budgets.first
    #expect(terms?.cost.value == 2)
    #expect(terms?.initialBalance.value == 10)
    #expect(terms?.enforcement == .observe)
  }

  @Test func `break-glass counts approvers once, and never the requester`() throws {
    let rule = try #require(
      try Policy(
        """
        policies: []
        break_glass:
          {principals: [root], max_duration: 60s, min_approvers: 2, allowed_usernames: ["oncall-*"]}
        """
      ).breakGlass)
    let (asking, bob, eve) = (
      try Username("oncall-1"), try Username("bob"), try Username("eve")
    )
    let request = IssuanceRequest(username: asking)
    let granted = try rule.evaluate(request, approvers: [bob, eve])
    #expect(granted.principals == ["root"])
    #expect(granted.budgets == [])
    for (request, approvers) in [
      (request, [bob, bob, asking]), (request, [bob, bob]),
      (IssuanceRequest(username: bob), [asking, eve]),
      (IssuanceRequest(username: asking, requestedPrincipals: ["x"]), [bob, eve]),
    ] {
      #expect(throws: Refusal.self) { try rule.evaluate(request, approvers: approvers) }
    }
  }

  @Test func `break-glass may name whom to tell`() throws {
    func rule(_ notify: String) throws -> BreakGlassRule? {
      try Policy(
        "policies: []\nbreak_glass: {principals: [root], max_duration: 60s, notify: \(notify)}"
      ).breakGlass
    }
    #expect(
      try rule(#"{command: [/bin/page, "--urgent"], webhook: "https://h.example/x"}"#)?.notify
        == BreakGlassNotice(command: ["/bin/page", "--urgent"], webhook: "https://h.example/x"))
    #expect(
      try rule(#"{webhook: "http://127.0.0.1:9/x"}"#)?.notify
        == BreakGlassNotice(command: [], webhook: "http://127.0.0.1:9/x"))
    #expect(
      try rule(#"{command: [/bin/sh, -c, "cat >x\n\techo"]}"#)?.notify?.command.last
        == "cat >x\n\techo")
    for wrong in [
      #"{command: [/bin/page, "a\0b"]}"#, #"{command: ["/bin/p\0"]}"#,
      #"{command: [/bin/page, "\e"]}"#,
      "{}", "{command: []}", "{command: page}", "{command: [page]}", "{command: [7]}",
      #"{command: [""]}"#, "{webhook: soon}", #"{webhook: "ftp://h.example"}"#,
      #"{webhook: "https://"}"#, "{mail: root}", "[]",
    ] {
      #expect(throws: FileDiagnostics.self, "\(wrong)") { try rule(wrong) }
    }
  }
}
