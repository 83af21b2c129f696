import BudgetLedger
import Foundation

/// Says what a runner does, line by line: what was done on standard output, what holds it up on
/// standard error, and, where that is a terminal, what it is at.
struct MigrationReport: Sendable {
  let isJSON: Bool

  func callAsFunction(_ progress: MigrationRunner.Progress) {
    switch progress {
    case .waitingForOtherRunner:
      Console.note("Waiting for another migration runner to finish …")
    case .applying(let migration): transient("Applying \(migration.label) …")
    case .reverting(let migration): transient("Taking back \(migration.label) …")
    case .applied(let migration): done("Applied \(migration.label).")
    case .reverted(let migration): done("Took back \(migration.label).")
    case .gaveWay(let migration, let blockers):
      Console.note(
        "\(migration.label) gave way, and will be tried again. " + Blocker.sentence(blockers))
    case .removedInvalidIndex(let name):
      Console.note("Removed the index \(name), which an interrupted build had left invalid.")
    }
  }

  private func transient(_ text: String) {
    if !isJSON, isatty(STDERR_FILENO) == 1 { Console.note(text) }
  }

  private func done(_ text: String) {
    // Not print: it would keep the text back while the output is a pipe.
    if !isJSON { Console.write(text + "\n", to: .standardOutput) }
  }
}
