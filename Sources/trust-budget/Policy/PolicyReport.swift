import ArgumentParser
import PolicyFile
import TrustBudget
import TrustBudgetServer

/// What `policy check --json` prints, and `policy explain --json` of a file that is no policy.
struct PolicyReport: Encodable {
  let valid: Bool
  let digest: String?
  let diagnostics: [FileDiagnostic]
  /// How many more there were.
  let omitted: Int
  /// Why the file cannot be read; then there are no diagnostics.
  let problem: String?

  init(problem: String) {
    self.valid = false
    self.digest = nil
    self.diagnostics = []
    self.omitted = 0
    self.problem = problem
  }

  init(policy: Policy?, diagnostics: FileDiagnostics) {
    self.valid = policy != nil
    self.digest = policy?.digest.hexadecimal
    self.diagnostics = diagnostics.all
    self.omitted = diagnostics.omittedCount
    self.problem = nil
  }

  var json: String {
    get throws { try JSONText.encode(self) }
  }
}

extension Policy {
  /// Reads the policy that a command is about. What is wrong with it is printed, as JSON on request.
  ///
  /// - Throws: `ExitCode.failure`, or a `CommandFailure` when the file cannot be read; a `ValidationError` for no
  ///   name at all.
  init(reportingOnFile path: String, json: Bool) throws {
    guard !path.isEmpty else { throw ValidationError("the policy file's name must not be empty") }
    do {
      try self.init(yaml: [UInt8](ofFile: path, upTo: Policy.sufficientBytes), fileName: path)
    } catch let diagnostics as FileDiagnostics {
      if json {
        print(try PolicyReport(policy: nil, diagnostics: diagnostics).json)
      } else {
        Console.note("\(diagnostics)")
      }
      throw ExitCode.failure
    } catch let unreadable as UnreadableFile {
      if json { print(try PolicyReport(problem: "\(unreadable)").json) }
      throw CommandFailure("\(unreadable)")
    }
  }
}
