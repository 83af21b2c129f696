import Foundation

/// A file's write-ahead log as its last writer left it, read before SQLite opens the two.
///
/// SQLite takes a log up to the first frame whose checksum is wrong, and says nothing of what follows: a
/// file would verify that lacks most of its rows. And the log of a file that is empty it removes, even where
/// it may only read.
package struct WriteAheadLog {
  private static let headerSize = 32
  private static let frameHeaderSize = 24

  /// Transactions that can be read.
  package private(set) var transactions = 0
  /// Transactions that cannot, though they are there, because one before them is damaged.
  ///
  /// That one is not among them: each is forced to the disk before the next begins, so the last one may have
  /// been cut short by a loss of power, in whatever order its pages reached the disk, and that is no damage.
  package private(set) var unreadable = 0
  /// Where what can be read ends, in bytes; nil: where the log does.
  private var end: Int?

  /// - Parameter path: the file's; its log is beside it.
  /// - Returns: nil where there is no log, or nothing in it.
  package init?(beside path: String) {
    // A pipe would be waited for.
    let file = open(path + "-wal", O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0
    else { return nil }
    read(file)
  }

  /// Why a file and its log, to which nobody writes, must not be opened as they lie there; nil: they can be.
  package static func problem(of path: String) -> String? {
    guard let log = WriteAheadLog(beside: path) else { return nil }
    // One that was made a moment ago has nothing but its tables, and those in the log alone.
    if isEmpty(path), log.transactions + log.unreadable > 1 {
      return "it is empty, and what it held is in its log alone, \(path)-wal"
    }
    guard log.unreadable > 0 else { return nil }
    return "its log, \(path)-wal, is damaged at byte \(log.end ?? 0); the rest of it cannot be read"
  }

  /// Whether there is nothing at a path: no file, or one without a byte.
  package static func isEmpty(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) != 0 || status.st_size == 0
  }

  private mutating func read(_ file: Int32) {
    let header = [UInt8](file, from: 0, count: WriteAheadLog.headerSize)
    guard var checksum = Checksum(header: header) else {
      end = 0
      // The header is written before anything else, and what follows it is there.
      let rest = [UInt8](
        file, from: WriteAheadLog.headerSize, count: WriteAheadLog.frameHeaderSize + 512)
      unreadable = rest.isEmpty ? 0 : 1
      return
    }
    let pageSize = Int(header.word(at: 8))
    guard (512...65_536).contains(pageSize), pageSize.nonzeroBitCount == 1 else { return }
    let frameSize = WriteAheadLog.frameHeaderSize + pageSize
    var place = WriteAheadLog.headerSize
    // Whether the transaction in which reading stopped has an end, after which another one can begin.
    var hasEnded = false
    while case let frame = [UInt8](file, from: place, count: frameSize), !frame.isEmpty {
      // What was written before the log was begun anew has other salts.
      let isOfThisLog = frame[8..<16] == header[16..<24]
      let isCommit = frame.word(at: 4) != 0
      if end == nil {
        checksum.add(frame[0..<8])
        checksum.add(frame[WriteAheadLog.frameHeaderSize...])
        if isOfThisLog, checksum.isWritten(in: frame, at: 16) {
          if isCommit { transactions += 1 }
        } else {
          end = place
          hasEnded = isOfThisLog && isCommit
        }
      } else if isOfThisLog, isCommit {
        if hasEnded { unreadable += 1 }
        hasEnded = true
      }
      place += frameSize
    }
  }
}

/// The sum that SQLite writes into each frame, over all that comes before.
private struct Checksum {
  private var first: UInt32 = 0
  private var second: UInt32 = 0
  private let isBigEndian: Bool

  /// - Returns: nil where the log's header is not what SQLite writes.
  init?(header: [UInt8]) {
    guard !header.isEmpty else { return nil }
    switch header.word(at: 0) {
    case 0x377f_0682: isBigEndian = false
    case 0x377f_0683: isBigEndian = true
    default: return nil
    }
    add(header[0..<24])
    guard isWritten(in: header, at: 24) else { return nil }
  }

  /// - Parameter bytes: a multiple of 8.
  mutating func add(_ bytes: ArraySlice<UInt8>) {
    bytes.withUnsafeBytes { bytes in
      for place in stride(from: 0, to: bytes.count, by: 8) {
        first = first &+ word(bytes, place) &+ second
        second = second &+ word(bytes, place + 4) &+ first
      }
    }
  }

  func isWritten(in bytes: [UInt8], at place: Int) -> Bool {
    bytes.word(at: place) == first && bytes.word(at: place + 4) == second
  }

  private func word(_ bytes: UnsafeRawBufferPointer, _ place: Int) -> UInt32 {
    let word = bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)
    return isBigEndian ? UInt32(bigEndian: word) : UInt32(littleEndian: word)
  }
}

extension [UInt8] {
  /// Bytes of a file; none where it does not hold so many.
  fileprivate init(_ file: Int32, from place: Int, count: Int) {
    self.init(unsafeUninitializedCapacity: count) { memory, length in
      length = pread(file, memory.baseAddress, count, off_t(place)) == count ? count : 0
    }
  }

  /// A number of a log's header, or of a frame's.
  fileprivate func word(at place: Int) -> UInt32 {
    self[place..<place + 4].reduce(0) { $0 << 8 | UInt32($1) }
  }
}
