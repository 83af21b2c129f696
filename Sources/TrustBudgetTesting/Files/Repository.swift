import Foundation

/// The files of this checkout.
package enum Repository {
  package static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  package static var catalogue: URL { root.appending(path: "migrations/catalogue.txt") }
}
