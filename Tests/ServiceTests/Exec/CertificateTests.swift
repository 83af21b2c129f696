import Foundation
import Testing
import TrustBudgetTesting

/// `trust-budget exec` with the real ssh-keygen.
@Suite(.service())
struct CertificateTests {
  private func exec(_ more: String...) async throws -> RunningProgram.End { try await exec(more) }

  private func exec(_ more: [String]) async throws -> RunningProgram.End {
    let arguments = ["exec", "--server", try Service.current.node.url] + more
    return try await Program.run(arguments)
  }

  @Test(
    arguments: [
      ("ed25519", nil), ("rsa", 2_048), ("ecdsa", 256), ("ecdsa", 521),
    ] as [(String, Int?)])
  func `a certificate is signed, and the charge is settled with what it says`(
    type: String, bits: Int?
  ) async throws {
    let service = try Service.current
    let id = "signed-\(type)-\(bits ?? 0)"
    try await Undertaker.shared.withDirectory { directory in
      let keys = try await SSHKeys(in: directory)
      let key = try await keys.makeKey(type: type, bits: bits)
      let end = try await exec(
        "--username", "dev-\(id)", "--request-id", id, "--",
        "ssh-keygen", "-q", "-s", keys.authority, "-I", "alice \"\(type)\"", "-z",
        "12345678901234567890",
        "-n", "{principals}", "-V", "+{max_duration}", key)
      #expect(end.status == 0, "\(end.errors)")
      #expect(
        end.errors.hasPrefix("trust-budget: user:dev-\(id) paid 1, 2 left; resets at "),
        "\(end.errors)")

      let certificate = try await SSHKeys.inspect(directory.file("id-cert.pub"))
      #expect(certificate.principals == ["user", "git"])
      let charge = try await service.node.get("/v1/charges/\(id)").json
      #expect(charge["state"] == "settled")
      #expect(
        charge["certificate"] == [
          "serial": "12345678901234567890", "key_id": "alice \"\(type)\"",
          "fingerprint": .text(certificate.fingerprint),
          "valid_after": .text(certificate.validAfter),
          "valid_before": .text(certificate.validBefore),
        ])
      #expect(certificate.serial == "12345678901234567890")
    }
  }

  @Test func `a certificate beyond what was allowed is settled, and said to be so`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let keys = try await SSHKeys(in: directory)
      func errors(of id: String, _ options: String...) async throws -> String {
        let key = try await keys.makeKey(id)
        let end = try await exec(
          ["--username", "dev-\(id)", "--request-id", id, "--", "ssh-keygen", "-q"]
            + ["-s", keys.authority, "-I", id] + options + [key])
        #expect(end.status == 0, "\(end.errors)")
        let charge = try await Service.current.node.get("/v1/charges/\(id)").json
        #expect(charge["state"] == "settled")
        return end.errors
      }
      let beyond = try await errors(of: "beyond", "-n", "git,root,db", "-V", "+1d")
      #expect(
        // Less by what passes until it is looked at.
        beyond.contains(
          #/beyond-cert\.pub goes beyond what was allowed: it is valid for (1d|23h59m[0-9]+s), and/#
        ),
        "\(beyond)")
      #expect(beyond.contains("allowed: it names root, db, which was not allowed"), "\(beyond)")
      let unbounded = try await errors(of: "unbounded")
      #expect(unbounded.contains("allowed: it is valid for ever, and 15m was"), "\(unbounded)")
      #expect(unbounded.contains("allowed: it names no principal"), "\(unbounded)")
      // Dated back, as authorities do for clocks that differ; for less, and for fewer.
      for (id, validity) in [("back", "-5m:+15m"), ("later", "+5m:+20m"), ("over", "-2d:-1d")] {
        let within = try await errors(of: id, "-n", "git", "-V", validity)
        #expect(!within.contains("beyond what was allowed"), "\(within)")
      }
    }
  }

  @Test func `a certificate that is valid for ever has no dates`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let keys = try await SSHKeys(in: directory)
      let key = try await keys.makeKey()
      let end = try await exec(
        "--username", "dev-for-ever", "--request-id", "for-ever", "--", "ssh-keygen", "-q", "-s",
        keys.authority, "-I", "host", "-h", key)
      #expect(end.status == 0)
      let charge = try await Service.current.node.get("/v1/charges/for-ever").json
      #expect(charge["certificate"].names == ["serial", "key_id", "fingerprint"])
    }
  }

  @Test func `the certificate may be named, and be where nobody would look`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let keys = try await SSHKeys(in: directory)
      let key = try await keys.makeKey()
      let elsewhere = directory.file("elsewhere")
      let end = try await exec(
        "--username", "dev-elsewhere", "--request-id", "elsewhere", "--certificate", elsewhere,
        "--", "sh", "-c",
        "ssh-keygen -q -s '\(keys.authority)' -I x -V +1h '\(key)' && "
          + "mv '\(directory.file("id-cert.pub"))' '\(elsewhere)'")
      #expect(end.status == 0, "\(end.errors)")
      let charge = try await Service.current.node.get("/v1/charges/elsewhere").json
      let certificate = try await SSHKeys.inspect(elsewhere)
      #expect(charge["certificate"]["fingerprint"] == .text(certificate.fingerprint))
    }
  }

  @Test func `a certificate that was there before is not taken for the new one, though named`()
    async throws
  {
    try await Undertaker.shared.withDirectory { directory in
      let keys = try await SSHKeys(in: directory)
      let key = try await keys.makeKey()
      try await tool("ssh-keygen", "-q", "-s", keys.authority, "-I", "old", key)
      let end = try await exec(
        "--username", "dev-stale", "--request-id", "stale", "--certificate",
        directory.file("id-cert.pub"), "--", "true")
      #expect(end.errors.contains("id-cert.pub was not written by the command; stale is charged"))
      let charge = try await Service.current.node.get("/v1/charges/stale").json
      #expect(charge["state"] == "charged")
    }
  }

  @Test(arguments: [
    [], ["-n", "git"], ["-nadmin"], ["-nroot"], ["-n{principals}"], ["-qn", "-D"], ["-z7", "-nN"],
    ["-ghnhost"], ["-g", "-V", "always:forever", "-nadmin", "--"], ["-qn", "--", "-z7"],
  ])
  func `what was signed is paid for, however the command ended`(options: [String]) async throws {
    let id = "half\(options.joined().filter(\.isLetter))"
    try await Undertaker.shared.withDirectory { directory in
      let keys = try await SSHKeys(in: directory)
      let key = try await keys.makeKey()
      // One key is signed, another is not there.
      let end = try await exec(
        ["--username", "dev-\(id)", "--request-id", id, "--", "ssh-keygen", "-q", "-s"]
          + [keys.authority, "-I", "half"] + options
          + [key, directory.file("missing.pub")])
      #expect(end.status == 255)
      #expect(end.errors.contains("nothing is refunded, although"), "\(end.errors)")
      let charge = try await Service.current.node.get("/v1/charges/\(id)").json
      #expect(charge["state"] == "settled")
      #expect(charge["certificate"]["key_id"] == "half")
    }
  }

  @Test(arguments: [true, false])
  func `a key whose comment is not UTF-8 is paid for like any other`(fails: Bool) async throws {
    let id = "comment-\(fails)"
    try await Undertaker.shared.withDirectory { directory in
      let keys = try await SSHKeys(in: directory)
      let key = try await keys.makeKey()
      let words = try String(contentsOfFile: key, encoding: .utf8).split(separator: " ")
      let comment = Array("\(words[0]) \(words[1]) M".utf8) + [0xE4, 0x0A]
      try Data(comment).write(to: URL(filePath: key))
      let end = try await exec(
        ["--username", "dev-\(id)", "--request-id", id, "--", "ssh-keygen", "-q"]
          + ["-s", keys.authority, "-I", id, "-n", "{principals}", "-V", "+{max_duration}", key]
          + (fails ? [directory.file("missing.pub")] : []))
      #expect(end.status == (fails ? 255 : 0), "\(end.errors)")
      let charge = try await Service.current.node.get("/v1/charges/\(id)").json
      #expect(charge["certificate"]["key_id"] == .text(id), "\(end.errors)")
    }
  }

  @Test(arguments: [
    ["-s", "ca", "-I", "bob"], ["-qsca", "-qI", "bob"], ["-Ia", "-n-I", "-qN", "bob", "-q", "--"],
  ])
  func `the value of an option of ssh-keygen is no key`(options: [String]) async throws {
    let id = "option-\(options.count)"
    try await Undertaker.shared.withDirectory { directory in
      let keys = try await SSHKeys(in: directory)
      _ = try await keys.makeKey("bob")
      // Somebody else signs bob's key while this command fails.
      let signer = try directory.write(
        """
        #!/bin/sh
        /usr/bin/env ssh-keygen -q -s ca -I other bob.pub
        exit 1
        """, to: "ssh-keygen")
      try await tool("chmod", "+x", signer)
      let end = try await Program.run(
        ["exec", "--server", try Service.current.node.url, "--username", "dev-\(id)"]
          + ["--request-id", id, "--", "./ssh-keygen"] + options + ["laptop.pub"],
        by: ["/bin/sh", "-c", #"cd "$0" && exec "$@""#, directory.path]
      )
      #expect(FileManager.default.fileExists(atPath: directory.file("bob-cert.pub")))
      #expect(end.status == 1)
      let charge = try await Service.current.node.get("/v1/charges/\(id)").json
      #expect(charge["state"] == "refunded", "\(end.errors)")
    }
  }

  @Test(arguments: ["", "garbage", "ssh-ed25519-cert-v01@openssh.com AAAA"])
  func `what is no certificate is not paid for where the command fails`(content: String)
    async throws
  {
    let id = "failed-\(content.count)"
    try await Undertaker.shared.withDirectory { directory in
      let path = directory.file("x-cert.pub")
      let end = try await exec(
        "--username", "dev-\(id)", "--request-id", id, "--certificate", path, "--", "sh", "-c",
        "cp \(try directory.write(content, to: "source")) \(path); exit 3")
      #expect(end.status == 3)
      #expect(end.errors.contains("refunded, because"), "\(end.errors)")
      let charge = try await Service.current.node.get("/v1/charges/\(id)").json
      #expect(charge["state"] == "refunded")
    }
  }

  @Test(arguments: [
    ("", "%"), (" lead", "%20lead"), ("two\nlines", "two%0Alines"),
    ("😀 100%", "%F0%9F%98%80%20100%25"),
    ("e\u{301}", "e%CC%81"), ("é", "é"), (String(repeating: "x", count: 300), nil),
  ])
  func `a certificate is settled whatever its key id is`(keyID: String, known: String?)
    async throws
  {
    let id = "key-id-\(keyID.unicodeScalars.count)-\(keyID.utf8.count)"
    try await Undertaker.shared.withDirectory { directory in
      let keys = try await SSHKeys(in: directory)
      // ssh-keygen takes a key's name without its ending as well.
      let key = String(try await keys.makeKey().dropLast(".pub".count))
      let end = try await exec(
        "--username", "dev-\(id)", "--request-id", id, "--", "ssh-keygen", "-q", "-s",
        keys.authority, "-I", keyID, key)
      #expect(end.status == 0)
      #expect(!end.errors.contains("not settled"), "\(end.errors)")
      let charge = try await Service.current.node.get("/v1/charges/\(id)").json
      #expect(charge["state"] == "settled")
      let expected = known ?? String(repeating: "x", count: 253) + "…"
      #expect(charge["certificate"]["key_id"] == .text(expected))
    }
  }

  @Test func `of several certificates one is settled, and it is said`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let keys = try await SSHKeys(in: directory)
      let key = try await keys.makeKey()
      let other = directory.file("other.pub")
      try await tool("cp", key, other)
      let end = try await exec(
        "--username", "dev-two", "--request-id", "two", "--", "ssh-keygen", "-q", "-s",
        keys.authority, "-I", "x", key, other)
      #expect(end.errors.contains("2 certificates were written, and two pays for one"))
      let charge = try await Service.current.node.get("/v1/charges/two").json
      #expect(charge["state"] == "settled")
    }
  }

  @Test func `one certificate is one, however its key is named`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let keys = try await SSHKeys(in: directory)
      let key = try await keys.makeKey()
      let alias = directory.file(
        "./\(key.replacing(".pub", with: ""))")
      let end = try await exec(
        "--username", "dev-alias", "--request-id", "alias", "--", "ssh-keygen", "-q", "-s",
        keys.authority, "-I", alias, key)
      #expect(!end.errors.contains("certificates were written"), "\(end.errors)")
      #expect(try await Service.current.node.get("/v1/charges/alias").json["state"] == "settled")
    }
  }

  @Test func `a settled charge pays for no second certificate`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let keys = try await SSHKeys(in: directory)
      let key = try await keys.makeKey()
      func sign(_ name: String) async throws -> RunningProgram.End {
        try await exec(
          "--username", "dev-second", "--request-id", "second", "--", "ssh-keygen", "-q", "-s",
          keys.authority, "-I", name, key)
      }
      #expect(try await sign("first").status == 0)
      let end = try await sign("second")
      #expect(end.status == 1)
      #expect(end.errors.contains("a certificate was signed for second before"))
      let charge = try await Service.current.node.get("/v1/charges/second").json
      #expect(charge["certificate"]["key_id"] == "first")
    }
  }

  @Test(arguments: ["", "garbage", "ssh-ed25519-cert-v01@openssh.com AAAA", "ssh-ed25519 AAAAC3Nz"])
  func `a file that is no certificate leaves the charge charged, and says so`(content: String)
    async throws
  {
    let id = "broken-\(content.count)"
    try await Undertaker.shared.withDirectory { directory in
      let path = directory.file("x-cert.pub")
      let end = try await exec(
        "--username", "dev-\(id)", "--request-id", id, "--certificate", path, "--", "cp",
        try directory.write(content, to: "source"), path)
      #expect(end.status == 0)
      #expect(
        end.errors.contains("\(id) is charged but not settled: \(path) holds no SSH certificate"))
      let charge = try await Service.current.node.get("/v1/charges/\(id)").json
      #expect(charge["state"] == "charged")
    }
  }

  @Test func `a command that left no certificate leaves the charge charged, and says so`()
    async throws
  {
    let end = try await exec(
      "--username", "dev-nothing", "--request-id", "nothing", "--", "true")
    #expect(end.status == 0)
    #expect(end.errors.contains("no certificate found to settle nothing with"))
    let charge = try await Service.current.node.get("/v1/charges/nothing").json
    #expect(charge["state"] == "charged")
  }

  @Test func `an older certificate beside the key is not taken for the new one`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let keys = try await SSHKeys(in: directory)
      let key = try await keys.makeKey()
      try await tool("ssh-keygen", "-q", "-s", keys.authority, "-I", "old", key)
      try await tool("touch", "-d", "2 minutes ago", directory.file("id-cert.pub"))
      let end = try await exec(
        "--username", "dev-older", "--request-id", "older", "--", "true", key)
      #expect(end.errors.contains("no certificate found"))
    }
  }
}
