import PolicyFile
import Testing
import TrustBudget

@Suite("Matching a request with rules")
struct MatchingTests {
  /// Everything that a request can hold.
  private func request() throws -> IssuanceRequest {
    IssuanceRequest(
      username: try Username("alice"), email: "alice@example.com", oidcGroups: ["ops", "sre"],
      sourceIP: try IPAddress("10.1.2.3"), webauthnID: "key-1")
  }

  @Test(arguments: [
    (nil, true), ("", true),
    (#"local_usernames: ["bob", "al*"]"#, true), (#"local_usernames: ["bob"]"#, false),
    (#"emails: ["*@example.com"]"#, true), (#"emails: ["*@example.org"]"#, false),
    (#"oidc_groups: ["s*"]"#, true), (#"oidc_groups: ["dev"]"#, false),
    (#"local_usernames: ["bob"], emails: ["*"]"#, true),
    (#"local_usernames: ["bob"], oidc_groups: ["sre"]"#, true),
    (#"source_ip: ["10.0.0.0/8"]"#, true), (#"source_ip: ["192.0.2.0/24", "::/0"]"#, false),
    (#"hours: ["08:00-20:00"]"#, true), (#"hours: ["20:00-08:00", "13:00-14:00"]"#, false),
    (#"webauthn_ids: ["key-1"]"#, true), (#"webauthn_ids: ["key-2"]"#, false),
    (#"local_usernames: ["alice"], webauthn_ids: ["key-2"]"#, false),
    (#"source_ip: ["10.0.0.0/8"], hours: ["00:00-01:00"]"#, false),
  ])
  func `any identity list lets a request in, and every constraint must hold`(
    match: String?, expected: Bool
  ) throws {
    let policy = try Policy(Samples.rule(match: match))
    let verdict = policy.verdict(try request(), at: try Samples.moment())
    #expect((verdict.grant != nil) == expected)
    if !expected { #expect(verdict.refusal == .noMatchingRule) }
  }

  @Test(arguments: [
    #"emails: ["*"]"#, #"oidc_groups: ["*"]"#, #"source_ip: ["0.0.0.0/0", "::/0"]"#,
    #"webauthn_ids: ["*"]"#, #"local_usernames: ["*"], source_ip: ["0.0.0.0/0", "::/0"]"#,
  ])
  func `a fact that the request lacks never holds`(match: String) throws {
    let policy = try Policy(Samples.rule(match: match))
    for request in [
      try Samples.request(),
      IssuanceRequest(
        username: try Username("alice"), email: "", oidcGroups: [""], webauthnID: ""),
    ] {
      let verdict = policy.verdict(request, at: try Samples.moment())
      #expect(verdict.refusal == .noMatchingRule)
    }
  }

  @Test func `the first rule that matches wins, and the default is for those that none matches`()
    throws
  {
    let policy = try Policy(
      """
      default: {principals: [sandbox], max_duration: 5m}
      policies:
        - {name: A, match: {local_usernames: ["al*"]}, principals: [a], max_duration: 1h}
        - {name: B, match: {local_usernames: ["alice", "bob"]}, principals: [b], max_duration: 1h}
      """)
    let now = try Samples.moment()
    #expect(policy.verdict(try Samples.request("alice"), at: now).grant?.rule == "A")
    #expect(policy.verdict(try Samples.request("bob"), at: now).grant?.rule == "B")
    let fallback = try #require(policy.verdict(try Samples.request("eve"), at: now).grant)
    #expect(fallback.rule == "default")
    #expect(fallback.principals == ["sandbox"])
    #expect(fallback.budgets.isEmpty)
  }

  @Test func `the user's sample policy charges a user's own budget`() throws {
    let policy = try Policy(Samples.described)
    let grant = try #require(
      policy.verdict(try Samples.request(), at: try Samples.moment()).grant)
    #expect(grant.rule == "Developer")
    #expect(grant.principals == ["user"])
    #expect(grant.maxDuration.description == "15m")
    #expect(!grant.budgetsAreAList)
    #expect(
      grant.budgets == [
        Terms(
          budgetID: try BudgetID("user:alice"), cost: .one, initialBalance: try Points(100),
          resetInterval: try ResetInterval(hours: 24))
      ])
    #expect(policy.digest == Digest(hashing: Array(Samples.described.utf8)))
  }

  @Test func `the full example decides by all of its conditions`() throws {
    let policy = try Policy(Samples.full)
    #expect(policy.warnings.all.isEmpty)
    #expect(policy.breakGlass?.limits.principals == ["root"])
    let inside = try request()
    let grant = policy.verdict(inside, at: try Samples.moment()).grant
    #expect(grant?.rule == "Developer")
    #expect(policy.verdict(inside, at: try Samples.moment("20:00")).grant?.rule == "default")
    var robot = inside
    robot.username = try Username("ci-7")
    let terms = policy.verdict(robot, at: try Samples.moment()).grant?.budgets.first
    #expect(terms?.initialBalance.value == 1_000)
    #expect(terms?.resetInterval?.hours == 1)
    #expect(terms?.cost == .one)
  }
}
