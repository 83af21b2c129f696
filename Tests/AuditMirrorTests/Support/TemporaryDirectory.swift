import Foundation

/// A directory for one test, gone after it.
struct TemporaryDirectory: Sendable {
  let path: String

  static func with<R>(_ body: (TemporaryDirectory) async throws -> R) async throws -> R {
    let directory = try TemporaryDirectory()
    do {
      let result = try await body(directory)
      directory.remove()
      return result
    } catch {
      directory.remove()
      throw error
    }
  }

  init() throws {
    path = FileManager.default.temporaryDirectory
      .appending(path: "audit-mirror-\(UUID().uuidString.prefix(13))").path()
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  func remove() { try? FileManager.default.removeItem(atPath: path) }

  /// The path of a file in it.
  func file(_ name: String) -> String { "\(path)/\(name)" }
}
