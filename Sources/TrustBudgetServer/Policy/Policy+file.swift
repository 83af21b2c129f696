import Foundation
import PolicyFile
import TrustBudget

extension Policy {
  /// What a node's policy file holds.
  ///
  /// - Throws: `UnreadableFile`, also for what is no file that can be read again and again.
  package static func bytes(ofNodeFile path: String) throws(UnreadableFile) -> [UInt8] {
    var status = stat()
    // Anything else could keep every look waiting, and holds nothing the second time.
    if stat(path, &status) == 0, ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) {
      throw UnreadableFile(
        path: path, reason: "it is no regular file, and a node reads it again and again")
    }
    return try bytes(ofFile: path)
  }

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
