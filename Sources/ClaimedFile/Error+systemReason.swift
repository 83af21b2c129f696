import Foundation

extension Error {
  /// What the operating system says, where Foundation only says that an operation could not be completed.
  package var systemReason: String {
    // As an NSError: the cause that FileHandle gives is no POSIXError.
    let cause = ((self as? CocoaError)?.underlying ?? self) as NSError
    return cause.domain == NSPOSIXErrorDomain
      ? String(cString: strerror(Int32(cause.code))) : localizedDescription
  }
}
