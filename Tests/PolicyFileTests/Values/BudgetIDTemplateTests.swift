import Testing
import TrustBudget

@testable import PolicyFile

@Suite("Templates of budget names")
struct BudgetIDTemplateTests {
  private let values = TemplateValues(
    username: "alice", email: "a@example.com", group: "team/sre", rule: "Dev: ops")

  @Test(arguments: [
    ("user:${username}", "user:alice"), ("${email}", "a@example.com"),
    ("group:${group}", "group:team%2Fsre"), ("r:${rule}:${username}", "r:Dev%3A ops:alice"),
    ("shared", "shared"), ("cost in $", "cost in $"), ("$${username}", "$alice"), ("$x", "$x"),
    ("}${username}{", "}alice{"), ("{a}", "{a}"), ("{${username}}", "{alice}"),
    ("username:(email)", "username:(email)"), ("$groups", "$groups"), ("$ rule", "$ rule"),
  ])
  func `variables are filled in, and nothing else is touched`(template: String, expected: String)
    throws
  {
    #expect(try BudgetIDTemplate(template).render(with: values).value == expected)
  }

  @Test(arguments: [
    "", "${user}", "${}", "${ username }", "${username", "a${", "${USERNAME}", "a\tb",
  ])
  func `a template with an unknown or open variable is refused`(template: String) {
    #expect(throws: InvalidValue.self) { try BudgetIDTemplate(template) }
  }

  @Test(arguments: [
    "user:$username", "user:{username}", "user:{{ username }}", "user:%{username}",
    "user:$(username)", "user:%(username)s", "user:<username>", "user:%USERNAME%",
    "$rule:$username", "${rule}:$username_x",
  ])
  func `a variable in another program's spelling is refused, with the right one`(template: String) {
    let error = #expect(throws: InvalidValue.self) { try BudgetIDTemplate(template) }
    let variable = template.hasPrefix("$rule") ? "${rule}" : "${username}"
    #expect(error?.requirement == "must write the variable as \(variable)")
  }

  @Test(arguments: [
    ("u${\u{338}username}", "must not use the unknown variable"),
    ("user:${username}\u{301}", "must not have an accent"),
    ("user:${username\u{338}", "must close its"),
  ])
  func `an accent hides no variable and no end of one`(template: String, requirement: String) {
    let error = #expect(throws: InvalidValue.self) { try BudgetIDTemplate(template) }
    #expect(error?.requirement.hasPrefix(requirement) == true)
  }

  @Test(arguments: [
    ("a:b", "a%3Ab"), ("a%3Ab", "a%253Ab"), ("a/b", "a%2Fb"), ("a\nb", "a%0Ab"),
    ("a\u{7F}\u{85}b", "a%7F%C2%85b"), ("é@x y", "é@x y"), ("", ""),
  ])
  func `what would make two identities one is percent-encoded`(value: String, expected: String) {
    #expect(TemplateVariable.encoded(value) == expected)
  }

  @Test func `a missing or empty value, and a name that is too long, refuse the request`() throws {
    let none = TemplateValues(username: "alice", email: nil, group: "", rule: "R")
    #expect(throws: Refusal.missingIdentity(rule: "R", variable: .email)) {
      try BudgetIDTemplate("${email}").render(with: none)
    }
    #expect(throws: Refusal.missingIdentity(rule: "R", variable: .group)) {
      try BudgetIDTemplate("${group}").render(with: none)
    }
    let long = TemplateValues(
      username: String(repeating: ":", count: 400), email: nil, group: nil, rule: "R")
    #expect(throws: Refusal.self) { try BudgetIDTemplate("${username}").render(with: long) }
  }

  @Test(arguments: [
    ("${username}${group}", true), ("${username}-${group}", true),
    ("${username}:${group}", false), ("${username}:\u{338}${group}", false),
    ("${username}/${group}", false), ("a:${username}", false),
    ("${username}:x${group}y${rule}", true),
  ])
  func `variables that nothing keeps apart are noticed`(template: String, expected: Bool) throws {
    #expect(try BudgetIDTemplate(template).runsVariablesTogether == expected)
  }
}
