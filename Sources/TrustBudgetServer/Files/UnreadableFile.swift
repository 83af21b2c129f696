import ClaimedFile
import Foundation

/// A file that cannot be read.
package struct UnreadableFile: Error, CustomStringConvertible {
  let path: String
  let reason: String

  package var description: String { "\(path) cannot be read: \(reason)" }
}

extension [UInt8] {
  /// What a file holds that a node reads again and again.
  ///
  /// - Parameter limit: how many bytes are read at most; nil: all.
  /// - Throws: `UnreadableFile`, also for what is no file that can be read again and again.
  package init(ofNodeFile path: String, upTo limit: Int? = nil) throws(UnreadableFile) {
    var status = stat()
    // Anything else could keep every look waiting, and holds nothing the second time.
    if stat(path, &status) == 0, ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) {
      throw UnreadableFile(
        path: path, reason: "it is no regular file, and a node reads it again and again")
    }
    try self.init(ofFile: path, upTo: limit)
  }

  /// What a file holds, or a pipe.
  ///
  /// - Parameter limit: how many bytes are read at most; nil: all.
  /// - Throws: `UnreadableFile`.
  package init(ofFile path: String, upTo limit: Int?) throws(UnreadableFile) {
    // As a URL, no path is the working directory.
    guard !path.isEmpty else {
      throw UnreadableFile(path: #""""#, reason: String(cString: strerror(ENOENT)))
    }
    do {
      let file = try FileHandle(forReadingFrom: URL(filePath: path))
      let bytes =
        if let limit { try file.read(upToCount: limit) } else { try file.readToEnd() }
      self = Array(bytes ?? Data())
    } catch {
      throw UnreadableFile(path: path, reason: error.systemReason)
    }
  }
}
