import Foundation

/// The files of this checkout.
enum Repository {
  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static var catalogue: URL { root.appending(path: "migrations/catalogue.txt") }
}
