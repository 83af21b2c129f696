import Foundation
import Logging
import Testing
import TrustBudgetTesting

@testable import BreakGlass

/// The program that is told of an emergency.
@Suite struct NoticeCommandTests {
  private let log = Log()

  private func shell(_ script: String, _ arguments: String...) -> NoticeCommand {
    command(["/bin/sh", "-c", script, "notice"] + arguments)
  }

  private func command(_ words: [String]) -> NoticeCommand {
    NoticeCommand(words, logger: Logger(label: "test", factory: { [log] _ in log }))
  }

  @Test func `the event is the program's input`() async throws {
    try await TemporaryDirectory.with { directory in
      let told = directory.file("told")
      let event = String(repeating: "é", count: 30_000)
      try await shell(#"cat > "$1""#, told).run(input: event)
      #expect(try String(contentsOfFile: told, encoding: .utf8) == event)
    }
  }

  @Test func `a program that reads nothing, and leaves another one running, has been told`()
    async throws
  {
    try await TemporaryDirectory.with { directory in
      let file = directory.file("left")
      try await shell(#"sleep 300 & echo $! > "$1""#, file)
        .run(input: "{}")
      let left = try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .newlines)
      let process = try #require(pid_t(left))
      // Which also says that it was let live.
      #expect(kill(process, SIGKILL) == 0)
    }
  }

  @Test func `what it prints, and what it left running prints, are lines of the log`() async throws
  {
    try await shell(
      "printf 'one\\ntwo' >&2; (sleep 0.3; echo; printf '%01500d' 7; echo later) & exit 0"
    ).run(input: "{}")
    #expect(try await eventually { log.lines.count == 4 })
    try #require(log.lines.count == 4)
    let lines = log.lines.map { $0.replacing("notice break-glass notice command says ", with: "") }
    #expect(lines[0] == #"["line": one]"#)
    #expect(lines[1] == #"["line": two]"#)
    #expect(lines[2].utf8.count == 1_000 + #"["line": ]"#.utf8.count)
    #expect(lines[3].hasSuffix("7later]"))
  }

  @Test func `a program that prints without end fills no log`() async throws {
    try await shell("yes | head -c 3000000").run(input: "{}")
    #expect(try await eventually { log.lines.count == PrintedLines.most + 1 })
    #expect(log.lines.last?.contains("and more") == true)
  }

  @Test func `one that fails, is killed, or is not there has not`() async {
    for (command, problem) in [
      (shell("exit 3"), "/bin/sh ended with status 3"),
      (shell("kill -9 $$"), "/bin/sh ended with status 137"),
      (
        command(["/nowhere/notify"]),
        "/nowhere/notify cannot be run: No such file or directory"
      ),
    ] {
      let failure = await #expect(throws: NoticeFailure.self) { try await command.run(input: "{}") }
      #expect(failure?.description == problem)
    }
  }
}
