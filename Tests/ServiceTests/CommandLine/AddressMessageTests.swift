import Foundation
import Testing
import TrustBudgetClient
import TrustBudgetTesting

/// Addresses and files that won't do are named, with the system's reason.
@Suite(.service())
struct AddressMessageTests {
  @Test func `an address that a node cannot have is named`() async throws {
    let port = try Service.current.node.port
    let free = FileManager.default.temporaryDirectory
      .appending(path: "tb-\(UUID().uuidString.prefix(8))").path(percentEncoded: false)
    for (arguments, problem) in [
      (["--listen", "127.0.0.1:\(port)"], "127.0.0.1:\(port) is in use by another program"),
      (
        ["--unix-socket", "/nowhere/s"],
        "unix:/nowhere/s cannot be listened at: No such file or directory"
      ),
      // Also where it could have the other one.
      (
        ["--listen", "127.0.0.1:\(port)", "--unix-socket", free],
        "127.0.0.1:\(port) is in use by another program"
      ),
      (
        ["--listen", "127.0.0.1:0", "--unix-socket", "/nowhere/s"],
        "unix:/nowhere/s cannot be listened at: No such file or directory"
      ),
      (
        ["--listen", "nowhere.invalid:0", "--insecure"],
        "nowhere.invalid:0 cannot be listened at: no such host is known here"
      ),
    ] {
      let end = try await Program.run(
        [
          "serve", "--policy", try Service.current.directory.file(Service.policyFile), "--auth",
          "none", "--database-url", "postgresql://127.0.0.1:1/x",
        ] + arguments
      )
      #expect(end.status == 1)
      #expect(end.errors.contains("trust-budget: \(problem)"), "\(end.errors)")
    }
  }

  @Test(arguments: ["nowhere", "http://", "http://127.0.0.1:1?a=b", "http://127.0.0.1:1#a"])
  func `what is no address of a node is refused`(address: String) async throws {
    let end = try await Program.run("exec", "--username", "a", "--server", address, "--", "true")
    #expect(end.status == 2, "\(end.errors)")
  }

  @Test(arguments: [
    "http://user:hunter2@127.0.0.1:1", "http://hunter2@127.0.0.1:1", "https://:hunter2@h/",
    "http://user:hun/ter2@127.0.0.1:1",
  ])
  func `an address with a password in it is refused, and shown nowhere`(address: String)
    async throws
  {
    let command = ["exec", "--username", "a", "--", "true"]
    for (arguments, environment) in [
      (["exec", "--server", address] + command.dropFirst(), [:]),
      (command, ["TRUST_BUDGET_SERVER": address]),
    ] as [([String], [String: String])] {
      let end = try await Program.run(arguments, environment: environment)
      #expect(end.status == 2, "\(end.errors)")
      let isAddress = !address.contains("hun/")
      #expect(end.errors.contains("see --token-file") == isAddress, "\(end.errors)")
      #expect(!end.errors.contains("ter2"), "\(end.errors)")
    }
    let client = TrustBudgetClient(server: address)
    let error = await #expect(throws: Unreachable.self) {
      try await client.refund("1", reason: "no use")
    }
    #expect(error.map { "\($0)".contains("ter2") } == false)
  }

  @Test func `a node that is not there is named as it was given`() async throws {
    for (arguments, problem) in [
      (["--unix-socket", "/nowhere/s p"], "unix:/nowhere/s p gave no answer: no such file"),
      (
        ["--server", "http://nowhere.invalid:1"],
        "http://nowhere.invalid:1 gave no answer: no such host is known here\n"
      ),
    ] {
      let end = try await Program.run(["exec", "--username", "a"] + arguments + ["--", "true"])
      #expect(end.status == 1)
      #expect(end.errors.contains("trust-budget: \(problem)"), "\(end.errors)")
    }
  }

  @Test func `files that a client cannot use for TLS are named at once`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let authority = try await CertificateAuthority(in: directory)
      let good = try await authority.issue("good")
      let other = try await authority.issue("other")
      for (arguments, problem) in [
        (
          ["--ca-file", "/nowhere/ca"],
          "/nowhere/ca cannot be used for TLS: No such file or directory"
        ),
        (["--ca-file", directory.path], "cannot be used for TLS: Is a directory"),
        (["--ca-file", ""], " cannot be used for TLS: No such file or directory"),
        (["--ca-file", good.key], "it holds no certificate in PEM"),
        (["--client-cert", good.certificate], "where the key has a file of its own"),
        (
          ["--client-cert", good.certificate, "--client-key", other.key],
          "it is not the key of the certificate in \(good.certificate)"
        ),
      ] {
        let end = try await Program.run(["exec", "--username", "a"] + arguments + ["--", "true"])
        #expect(end.status == 1)
        #expect(end.errors.contains(problem), "\(end.errors)")
        #expect(!end.errors.contains("gave no answer"))
      }
    }
  }

  @Test func `a directory that dev cannot make is named`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let home = try directory.write("", to: "file") + "/dev"
      let end = try await Program.run("dev", "--directory", home, "--port", "0")
      #expect(end.status == 1)
      #expect(end.errors.hasPrefix("trust-budget: \(home) cannot be made: "), "\(end.errors)")
      #expect(!end.errors.contains("Domain"))
    }
  }
}
