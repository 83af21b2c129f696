import Foundation

/// Why a place on disk cannot be claimed, or used.
package enum FileProblem: Error, Hashable, Sendable {
  /// Another process has it; what it said of itself.
  case held(by: String)
  /// The file system will not have it.
  case unusable(String)

  init(_ code: Int32, _ what: String) {
    self = .unusable("\(what): \(String(cString: strerror(code)))")
  }
}
