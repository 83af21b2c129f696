import Foundation

extension Error {
  /// What the operating system says, where Foundation only says that an operation could not be completed.
  package var systemReason: String {
    let cause = ((self as? CocoaError)?.underlying ?? self) as? POSIXError
    return cause.map { String(cString: strerror($0.code.rawValue)) } ?? localizedDescription
  }
}
