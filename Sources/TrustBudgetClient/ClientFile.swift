import Foundation

/// A file that a client needs once, so a pipe will do as well: `<(vault …)`, or `/dev/stdin`.
package enum ClientFile {
  /// The largest that is read, in bytes; far more than any CA bundle has.
  private static let maximumBytes = 16 << 20

  /// What a file holds.
  ///
  /// - Throws: the system's error; `EFBIG` for what is larger than 16 MiB.
  package static func contents(of path: String) throws -> [UInt8] {
    // As a URL, no path is the working directory.
    guard !path.isEmpty else { throw POSIXError(.ENOENT) }
    // Data(contentsOf:) and its like read no pipes, and say that it is not permitted.
    let file = try FileHandle(forReadingFrom: URL(filePath: path))
    let bytes = try file.read(upToCount: maximumBytes + 1) ?? Data()
    guard bytes.count <= maximumBytes else { throw POSIXError(.EFBIG) }
    return Array(bytes)
  }
}
