import Foundation
import Testing
import TrustBudgetTesting

@testable import BreakGlass

/// The program that is told of an emergency.
@Suite struct NoticeCommandTests {
  private func shell(_ script: String, _ arguments: String...) -> NoticeCommand {
    NoticeCommand(["/bin/sh", "-c", script, "notice"] + arguments)
  }

  @Test("The event is the program's input")
  func input() async throws {
    try await TemporaryDirectory.with { directory in
      let told = directory.file("told")
      let event = String(repeating: "é", count: 30_000)
      try await shell(#"cat > "$1""#, told).run(input: event)
      #expect(try String(contentsOfFile: told, encoding: .utf8) == event)
    }
  }

  @Test("A program that reads nothing, and leaves another one running, has been told")
  func background() async throws {
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

  @Test("One that fails, is killed, or is not there has not")
  func failures() async {
    for (command, problem) in [
      (shell("exit 3"), "/bin/sh ended with status 3"),
      (shell("kill -9 $$"), "/bin/sh ended with status 137"),
      (
        NoticeCommand(["/nowhere/notify"]),
        "/nowhere/notify cannot be run: No such file or directory"
      ),
    ] {
      let failure = await #expect(throws: NoticeFailure.self) { try await command.run(input: "{}") }
      #expect(failure?.description == problem)
    }
  }
}
