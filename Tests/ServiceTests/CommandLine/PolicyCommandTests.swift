import Foundation
import Testing
import TrustBudgetTesting

/// `trust-budget policy check` and `policy explain`.
struct PolicyCommandTests {
  private func run(
    _ arguments: [String], on policy: String = SamplePolicy.text
  ) async throws -> RunningProgram.End {
    try await Undertaker.shared.withDirectory { directory in
      let path = try directory.write(policy, to: "policy.yaml")
      var arguments = arguments
      arguments.insert(path, at: 2)
      return try await Program.run(arguments)
    }
  }

  private let broken = """
    policies:
      - name: A
        principals: [1
      - name: A
    """
  private let wrong = """
    policies:
      - name: A
        principals: ["user"]
        max_duration: "soon"
        trust_bugdet: {}
      - name: A
        principals: ["user"]
        max_duration: "15m"
        trust_budget:
          cost: -1
    """

  @Test func `a good file is good, for people and for programs`() async throws {
    let plain = try await run(["policy", "check"])
    #expect(plain.status == 0)
    #expect(plain.output.contains(/policy\.yaml: ok, 7 rules, sha256 [0-9a-f]{64}\n/))
    let json = try await run(["policy", "check", "--json"])
    #expect(json.status == 0)
    #expect(json.json["valid"] == true)
    #expect(json.json["diagnostics"] == [])
    #expect(plain.output.contains(json.json["digest"].text ?? "none"))
  }

  @Test(arguments: [["check"], ["explain", "--username", "alice"]])
  func `a file that cannot be read is told to programs as well`(command: [String]) async throws {
    let arguments = ["policy"] + command + ["--json", "/nowhere/policy.yaml"]
    let end = try await Program.run(arguments)
    #expect(end.status == 1)
    #expect(end.json["valid"] == false)
    #expect(end.json["problem"].text?.contains("/nowhere/policy.yaml") == true, "\(end.output)")
    #expect(end.errors.contains("/nowhere/policy.yaml"))
  }

  @Test func `a bad file is told all of its mistakes, with their places`() async throws {
    let plain = try await run(["policy", "check"], on: wrong)
    #expect(plain.status == 1)
    #expect(plain.output == "")
    for place in ["policy.yaml:4:", "policy.yaml:5:", "policy.yaml:6:", "policy.yaml:10:"] {
      #expect(plain.errors.contains(place), "\(plain.errors)")
    }
    #expect(plain.errors.contains("trust_budget"))
    for command in [["check"], ["explain", "--username", "alice"]] {
      let json = try await run(["policy"] + command + ["--json"], on: wrong)
      #expect(json.status == 1)
      #expect(json.json["valid"] == false)
      #expect(json.json["diagnostics"].list.compactMap { $0["line"].integer } == [4, 5, 6, 10])
    }
  }

  @Test func `what is left out of a long list is counted, of good and of bad files`() async throws {
    let rules = (0...1_002).map { "- {name: R\($0), principals: [a], max_duration: 1m}\n" }
    for (more, isValid) in [("", true), ("other: 1\n", false)] {
      let policy = "policies:\n" + rules.joined() + more
      let json = try await run(["policy", "check", "--json"], on: policy).json
      #expect(json["valid"] == .bool(isValid))
      #expect(json["omitted"] == 2)
      #expect(json["diagnostics"].list.count == (isValid ? 1_000 : 1_001))
      let plain = try await run(["policy", "check"], on: policy)
      #expect(plain.errors.hasSuffix("… and 2 more.\n"))
    }
  }

  @Test func `a file that is no YAML, or not there, is said so`() async throws {
    let end = try await run(["policy", "check"], on: broken)
    #expect(end.status == 1)
    #expect(end.errors.contains("policy.yaml:"))
    let unnamed = try await Program.run("policy", "check", "")
    #expect(unnamed.errors.contains("must not be empty"))
    #expect(unnamed.status == 2)
    let missing = try await Program.run("policy", "check", "/no/such/policy.yaml")
    #expect(missing.status == 1)
    #expect(
      missing.errors.contains("/no/such/policy.yaml cannot be read: No such file or directory"))
  }

  @Test func `a pipe is read to its end, but by no node`() async throws {
    let pipe = ["/bin/sh", "-c", #"echo "policies: 7" | "$0" "$@""#]
    let check = try await Program.run("policy", "check", "/dev/stdin", by: pipe)
    #expect(check.status == 1)
    #expect(check.errors.contains("/dev/stdin:1:11: error: found the number 7"))
    let serve = try await Program.run("serve", "--policy", "/dev/stdin", by: pipe)
    #expect(serve.status == 1)
    #expect(serve.errors.contains("no regular file"), "\(serve.errors)")
    let doctor = try await Program.run(
      "doctor", "--policy", "/dev/stdin", "--database-url", "host=/nowhere dbname=x", by: pipe)
    #expect(doctor.output.contains("no regular file"), "\(doctor.output)")
  }

  @Test func `no node reads its TLS from a pipe`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let policy = try directory.write(SamplePolicy.text, to: "policy.yaml")
      let serve = try await Program.run(
        "serve", "--policy", policy, "--tls-cert", "/dev/stdin", "--tls-key", "/dev/stdin",
        by: ["/bin/sh", "-c", #"echo x | "$0" "$@""#])
      #expect(serve.status == 1)
      #expect(serve.errors.contains("no regular file"), "\(serve.errors)")
    }
  }

  @Test func `a huge file is refused without being read`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let path = try directory.write("policies:\n", to: "policy.yaml")
      let size: UInt64 = 1 << 40
      try FileHandle(forWritingTo: URL(filePath: path)).truncate(atOffset: size)
      let end = try await Program.run("policy", "check", path)
      #expect(end.status == 1)
      #expect(end.errors.contains("the file is too large"), "\(end.errors)")
    }
  }

  @Test func `a request is explained rule by rule`() async throws {
    let plain = try await run(["policy", "explain", "--username", "dev-a"])
    #expect(plain.status == 0)
    for text in ["Free", "Team", "Developer", "user:dev-a"] {
      #expect(plain.output.contains(text), "\(plain.output)")
    }
    let json = try await run(
      ["policy", "explain", "--username", "bo", "--group", "sre", "--json"])
    #expect(json.status == 0)
    #expect(json.json != .null)
    #expect(json.output.contains("group:sre:bo"))
  }

  private static let night = """
    policies:
      - name: Night
        match:
          local_usernames: ["alice"]
          hours: ["00:00-01:00"]
        principals: ["user"]
        max_duration: "1h"
    """

  @Test(arguments: [
    ("2026-01-02", 0), ("2026-01-02T00:59:59.5Z", 0), ("2026-01-02T01:00:00Z", 1),
    ("2026-01-02T00:00:00+01:00", 2), ("2026-02-30", 2), ("noon", 2),
  ])
  func `a request is explained at the time that is asked for`(time: String, status: Int32)
    async throws
  {
    let end = try await run(
      ["policy", "explain", "--username", "alice", "--at", time], on: Self.night)
    #expect(end.status == status, "\(end.output)\(end.errors)")
    #expect(end.errors.contains("2026-01-02 or 2026-01-02T03:04:05Z") == (status == 2))
  }

  @Test(arguments: [
    "--email", "--group", "--source-ip", "--webauthn-id", "--duration", "--principal",
  ])
  func `what a node would answer with 400 is wrong usage`(option: String) async throws {
    let end = try await run(["policy", "explain", "--username", "dev-a", option, "a\tb"])
    #expect(end.status == 2)
    #expect(end.output == "")
    #expect(end.errors.contains("\(option) must"), "\(end.errors)")
    #expect(end.errors.contains("Usage: trust-budget policy explain"), "\(end.errors)")
  }

  @Test func `a refused request is explained as well, and exits 1`() async throws {
    for arguments in [["--username", "stranger"], ["--username", "dev-a", "--duration", "1d"]] {
      let plain = try await run(["policy", "explain"] + arguments)
      #expect(plain.status == 1)
      #expect(plain.output != "")
      let json = try await run(["policy", "explain", "--json"] + arguments)
      #expect(json.status == 1)
      #expect(json.json != .null)
    }
  }
}
