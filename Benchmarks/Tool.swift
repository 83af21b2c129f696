import ChildProcess
import Foundation
import PrivatePostgres

/// A program that takes part in a measurement, run to its end.
enum Tool {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// - Returns: what it printed.
  /// - Throws: `Failure` when it is missing or ends with another status than 0.
  static func run(_ name: String, _ arguments: [String]) throws -> String {
    let output = Pipe()
    // Not a pipe: while the output is read, nobody reads it.
    let complaints = FileManager.default.temporaryDirectory
      .appending(path: "\(name.split(separator: "/").last ?? "")-\(UUID().uuidString.prefix(8))")
    try Data().write(to: complaints)
    defer { try? FileManager.default.removeItem(at: complaints) }
    let child = try start(
      [path(of: name)] + arguments, output: output.fileHandleForWriting,
      errors: FileHandle(forWritingTo: complaints))
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let status = Child.reap(child)
    guard status == 0 else {
      let complaint = String(decoding: try Data(contentsOf: complaints), as: UTF8.self)
      throw Failure(description: "\(name) ended with \(status): \(complaint)")
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Starts a program on this one's terminal, whose Ctrl-C ends both.
  ///
  /// - Parameters:
  ///   - output: The program's from here on, and closed here.
  ///   - errors: As `output`.
  /// - Returns: its process id, for whoever ends it.
  static func start(
    _ arguments: [String], output: FileHandle, errors: FileHandle
  ) throws -> pid_t {
    let child = try Child.start(
      arguments, environment: .ours,
      descriptors: [
        STDIN_FILENO, output.fileDescriptor, errors.fileDescriptor,
      ], in: .shared)
    for handle in [output, errors] where handle !== FileHandle.standardOutput { try handle.close() }
    return child
  }

  static func path(of name: String) throws -> String {
    if name.contains("/") { return name }
    let places = ServerPrograms.directories().map { "\($0)/\(name)" }
    guard
      let path = ServerPrograms.inPath(name)
        ?? places.first(where: FileManager.default.isExecutableFile)
    else { throw Failure(description: "\(name) is not installed") }
    return path
  }
}
