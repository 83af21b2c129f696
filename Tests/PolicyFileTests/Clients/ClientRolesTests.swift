import PolicyFile
import Testing
import TrustBudget

/// The file that gives roles to client certificates.
struct ClientRolesTests {
  private func problems(_ yaml: String) -> [String] {
    do {
      _ = try ClientRoles(yaml: Array(yaml.utf8), fileName: "roles.yaml")
      return []
    } catch {
      return error.all.map(\.description)
    }
  }

  @Test func `a certificate is known by the first of its names that the file has`() throws {
    let roles = try ClientRoles(
      yaml: Array(
        """
        clients:
          - {san: "dns:CA-1.Example.com", name: ca-1, roles: [issuer, charger]}
          - {san: "cn:Audit", name: audit, roles: [auditor]}
        """.utf8), fileName: "roles.yaml")
    let client = try #require(
      roles.client(named: [
        try ClientName(.uri, "spiffe://x"), try ClientName(.dns, "ca-1.example.com"),
        try ClientName(.commonName, "Audit"),
      ]))
    #expect(client.name == "ca-1")
    #expect(client.roles == [.issuer, .charger])
    #expect(roles.client(named: [try ClientName(.commonName, "audit")]) == nil)
    #expect(roles.client(named: [try ClientName(.dns, "Audit")]) == nil)
    #expect(roles.client(named: []) == nil)
  }

  @Test(arguments: [
    (ClientName.Kind.commonName, "\u{212A}ate"), (.dns, "\u{212A}ate"), (.uri, "e\u{301}"),
    (.email, ""),
  ])
  func `a name that looks like another one is none`(kind: ClientName.Kind, value: String) {
    #expect(throws: InvalidValue.self) { try ClientName(kind, value) }
  }

  @Test func `the last name can be taken out`() throws {
    let roles = try ClientRoles(yaml: Array("clients: []".utf8), fileName: "roles.yaml")
    #expect(roles.client(named: [try ClientName(.dns, "a")]) == nil)
  }

  @Test(arguments: [
    ("", "the file is empty"), ("clients:", "not a list"), ("[]", "not a mapping"),
    ("client: [{san: 'dns:a', name: a, roles: [issuer]}]", "did you mean \"clients\"?"),
    ("clients: [{san: 'a.example.com', name: a, roles: [issuer]}]", "must begin with one of dns:"),
    ("clients: [{san: 'dns:', name: a, roles: [issuer]}]", "must not be empty"),
    ("clients: [{san: 'dns:*.example.com', name: a, roles: [issuer]}]", "must be a whole name"),
    ("clients: [{san: 'ip:10.0.0.1', name: a, roles: [issuer]}]", "must begin with one of"),
    ("clients: [{san: 'dns:a', name: '', roles: [issuer]}]", "must not be empty"),
    ("clients: [{san: 'dns:a', name: 'cli:root', roles: [admin]}]", "must not begin with cli:"),
    // An accent that joins the colon does not hide it.
    (
      "clients: [{san: 'dns:a', name: \"cli:\\u0301root\", roles: [admin]}]",
      "must not begin with cli:"
    ),
    ("clients: [{san: 'dns:a', name: a, roles: [isuer]}]", "did you mean \"issuer\"?"),
    ("clients: [{san: 'dns:a', name: a, roles: []}]", "at least one element"),
    ("clients: [{san: 'dns:a', roles: [issuer]}]", "has no \"name\""),
    (
      "clients: [{san: 'dns:a', name: a, roles: [issuer]}, {san: 'dns:A', name: b, roles: [admin]}]",
      "is there twice"
    ),
  ])
  func `what is wrong is said, at its place`(yaml: String, message: String) {
    let found = problems(yaml)
    #expect(found.contains { $0.contains(message) && $0.contains("roles.yaml:") }, "\(found)")
  }
}
