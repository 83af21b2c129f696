import Foundation
import Testing
import TrustBudgetTesting

/// `trust-budget exec` and its signing command on a terminal, as somebody at a keyboard has them.
@Suite(.service())
struct TerminalTests {
  /// Runs `exec` on a terminal of its own, by `script`, and types at it.
  ///
  /// - Parameter typing: a shell's commands, whose output is typed. They know the directory as `$0`.
  private func exec(
    id: String, _ command: String, typing: String, in directory: TemporaryDirectory
  ) async throws -> RunningProgram.End {
    // script asks $SHELL to run it, and some shells stay between, where a key comes to them too.
    let keyboard = """
      { cd "$0"; \(typing); } | exec script -qec "exec $(printf "'%s' " "$@")" /dev/null
      """
    return try await Program.run(
      [
        "exec", "--server", try Service.current.node.url, "--username", "dev-\(id)",
        "--request-id", id, "--", "sh", try directory.write(command, to: "command"), directory.path,
      ], by: ["/bin/sh", "-c", keyboard, directory.path]
    )
  }

  private func state(of id: String) async throws -> JSON {
    try await Service.current.node.get("/v1/charges/\(id)").json["state"]
  }

  @Test func `the command reads what is typed`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let end = try await exec(
        id: "typed", "read word; echo \"got $word\"", typing: "echo secret", in: directory)
      #expect(end.output.contains("got secret"), "\(end.output)")
      #expect(end.status == 0)
    }
  }

  @Test(arguments: [("interrupted", #"\003"#, SIGINT), ("quitted", #"\034"#, SIGQUIT)])
  func `a key that ends the command gives its points back`(
    id: String, key: String, signal: Int32
  ) async throws {
    try await Undertaker.shared.withDirectory { directory in
      let end = try await exec(
        id: "key-\(id)", "ulimit -c 0; cd \"$1\"; touch runs; exec sleep 600",
        typing: "until test -e runs; do sleep 0.1; done; printf '\(key)'", in: directory)
      #expect(end.status == 128 + signal, "\(end.output)")
      #expect(end.output.contains("refunded, because"), "\(end.output)")
      #expect(try await state(of: "key-\(id)") == "refunded")
    }
  }

  @Test func `what somebody sends to this program alone goes on to the command`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let end = try await exec(
        id: "sent", "kill -INT $PPID; exec sleep 600", typing: "true", in: directory)
      #expect(end.status == 128 + SIGINT, "\(end.output)")
      #expect(try await state(of: "sent") == "refunded")
    }
  }

  @Test func `a key comes to the command once`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      // What is sent after the key is passed on after it, if that is.
      let command = """
        cd "$1"; trap 'echo interrupted; touch interrupted' INT; trap 'exit 7' TERM
        echo $PPID >new; mv new parent; while :; do sleep 0.1; done
        """
      let typing = """
        until test -e parent; do sleep 0.1; done; printf '\\003'
        until test -e interrupted; do sleep 0.1; done; kill -TERM $(cat parent)
        """
      let end = try await exec(id: "once", command, typing: typing, in: directory)
      #expect(end.status == 7, "\(end.output)")
      #expect(end.output.matches(of: /interrupted/).count == 1, "\(end.output)")
    }
  }

  @Test func `what the command leaves running holds nothing up`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let script = "sleep 120 >/dev/null 2>&1 </dev/null & echo $! >\"$0\"; exit 3"
      let end = try await Program.run(
        "exec", "--server", try Service.current.node.url, "--username", "dev-left",
        "--request-id", "left", "--", "sh", "-c", script, directory.file("left"))
      let left = try String(contentsOfFile: directory.file("left"), encoding: .utf8)
      let process = try #require(pid_t(left.trimmingCharacters(in: .newlines)))
      #expect(kill(process, SIGTERM) == 0)
      #expect(end.status == 3)
      #expect(try await state(of: "left") == "refunded")
    }
  }
}
