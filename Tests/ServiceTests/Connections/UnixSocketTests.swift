import Foundation
import NIOHTTP1
import Testing
import TrustBudgetTesting

/// A node at a Unix socket, for a CA beside it.
struct UnixSocketTests {
  @Test func `a Unix socket has its permissions, answers, and goes with its node`() async throws {
    try await Service.withGround { database, directory in
      let policy = try directory.write(SamplePolicy.text, to: "policy.yaml")
      // Beside /tmp's deep directories, whose names are too long for a socket's.
      let socket = "/tmp/tb-\(UInt32.random(in: .min ... .max)).socket"
      defer { unlink(socket) }
      let arguments = [
        "serve", "--policy", policy, "--auth", "none", "--unix-socket", socket,
        "--unix-socket-mode", "0600", "--database-url", database.connectionString,
        "--listen", "127.0.0.1:0", "--listen", "127.0.0.2:0",
      ]
      // Once to be killed, which leaves the socket behind; then to find that.
      for signal in [SIGKILL, SIGTERM] {
        try await Program.with(arguments) { program in
          try await wait(for: "the node, which says \(program.errors)") {
            program.errors.matches(of: /listening$/.anchorsMatchLineEndings()).count == 3
          }
          for match in program.errors.matches(of: /address=(127\.0\.0\.[12]:[0-9]+)/) {
            #expect(try await Reply.to(.GET, "http://\(match.1)/healthz").status == 200)
          }
          let permissions = try FileManager.default.attributesOfItem(atPath: socket)[
            .posixPermissions]
          #expect((permissions as? NSNumber)?.intValue == 0o600)
          let name = socket.replacing("/", with: "%2F")
          let reply = try await Reply.to(.GET, "http+unix://\(name)/healthz")
          #expect(reply.status == 200)

          let exec = try await Program.run(
            "exec", "--unix-socket", socket, "--username", "dev-a", "--", "true")
          #expect(exec.status == 0, "\(exec.errors)")

          let second = try await Program.run(
            "serve", "--policy", policy, "--auth", "none", "--unix-socket", socket,
            "--database-url", database.connectionString)
          #expect(second.status == 1)
          #expect(second.errors.contains("another program's"), "\(second.errors)")
          #expect(try await Reply.to(.GET, "http+unix://\(name)/healthz").status == 200)

          program.signal(signal)
          _ = try await program.end()
        }
        #expect(FileManager.default.fileExists(atPath: socket) == (signal == SIGKILL))
      }
      // What is no socket is left alone.
      try Data("mine".utf8).write(to: URL(filePath: socket))
      let end = try await Program.run(
        "serve", "--policy", policy, "--auth", "none", "--unix-socket", socket,
        "--database-url", database.connectionString)
      #expect(end.status == 1)
      #expect(end.errors.contains("is no socket"), "\(end.errors)")
      #expect(try String(contentsOfFile: socket, encoding: .utf8) == "mine")
    }
  }

  @Test func `a socket whose owner takes nobody in is another program's, which is found at once`()
    async throws
  {
    try await Service.withGround { database, directory in
      let policy = try directory.write(SamplePolicy.text, to: "policy.yaml")
      let socket = directory.file("node")
      let listener = try UnixSocket.listen(at: socket, queue: 0)
      defer { close(listener) }
      let waiting = try UnixSocket.connect(to: socket)
      defer { close(waiting) }
      let arguments = [
        "serve", "--policy", policy, "--auth", "none", "--unix-socket", socket,
        "--database-url", database.connectionString,
      ]
      try await Program.with(arguments) { program in
        try await wait(for: "the refusal") { program.errors.contains("another program's") }
        #expect(try await program.end().status == 1)
      }
    }
  }
}
