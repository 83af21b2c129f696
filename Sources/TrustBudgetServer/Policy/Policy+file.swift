import Foundation
import PolicyFile
import TrustBudget

extension Policy {
  /// What a policy file holds; of one that is too large, as much as shows that.
  ///
  /// - Throws: `UnreadableFile`.
  package static func bytes(ofFile path: String) throws(UnreadableFile) -> [UInt8] {
    // As a URL, no path is the working directory.
    guard !path.isEmpty else {
      throw UnreadableFile(path: #""""#, reason: String(cString: strerror(ENOENT)))
    }
    do {
      let file = try FileHandle(forReadingFrom: URL(filePath: path))
      return Array(try file.read(upToCount: Policy.sufficientBytes) ?? Data())
    } catch {
      throw UnreadableFile(path: path, reason: error.systemReason)
    }
  }
}
