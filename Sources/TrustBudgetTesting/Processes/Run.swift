import ChildProcess

/// Runs a program to its end.
///
/// - Parameter command: its name or path, and its arguments.
/// - Throws: `TestFailure` where it does not end with status 0; what the system says where none can be started.
package func run(_ command: [String]) async throws {
  let child = try Child.start(command, environment: .ours, in: .shared)
  await Child.end(of: child)
  let status = Child.reap(child)
  guard status == 0 else { throw TestFailure("\(command[0]) ended with status \(status)") }
}
