import Foundation

/// A directory for one test, gone after it.
package struct TemporaryDirectory: Sendable {
  package let path: String

  /// - Parameter parent: where it is made.
  package init(
    in parent: String = FileManager.default.temporaryDirectory.path(percentEncoded: false)
  ) throws {
    // With characters that a URL or a shell would take for something else.
    path = URL(filePath: parent).appending(path: "tëst \(UUID().uuidString.prefix(13))").path(
      percentEncoded: false)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  package static func with<R>(
    in parent: String = FileManager.default.temporaryDirectory.path(percentEncoded: false),
    _ body: (TemporaryDirectory) async throws -> R
  ) async throws -> R {
    let directory = try TemporaryDirectory(in: parent)
    defer { directory.remove() }
    return try await body(directory)
  }

  package func remove() {
    try? FileManager.default.removeItem(atPath: path)
  }

  /// The path of a file in it.
  package func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file, whole or not at all, and gives its path.
  @discardableResult
  package func write(_ text: String, to name: String) throws -> String {
    try Data(text.utf8).write(to: URL(filePath: file(name)), options: .atomic)
    return file(name)
  }
}
