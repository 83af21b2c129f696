import Foundation

/// A file's write-ahead log as its last writer left it, read before SQLite opens the two.
///
/// SQLite takes a log up to the first frame whose checksum is wrong, and says nothing of what follows: a
/// file would verify that lacks most of its rows. And the log of a file that is empty it removes, even where
/// it may only read.
package struct WriteAheadLog {
  private static let headSize = 32
  private static let frameHeadSize = 24

  /// Transactions that can be read.
  package private(set) var transactions = 0
  /// Transactions that cannot, though their last frames are there: what comes before them is damaged. Of one
  /// whose writer was killed, or lost its power, there is no last frame, or there are none after it.
  package private(set) var unreadable = 0
  /// Where what can be read ends, in bytes; nil: where the log does.
  private var end: Int?

  /// - Parameter path: the file's; its log is beside it.
  /// - Returns: nil where there is no log, or nothing in it.
  package init?(beside path: String) {
    guard
      let log = try? Data(contentsOf: URL(filePath: path + "-wal"), options: .alwaysMapped),
      !log.isEmpty
    else { return nil }
    log.withUnsafeBytes { read($0) }
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

  private mutating func read(_ log: UnsafeRawBufferPointer) {
    guard log.count >= WriteAheadLog.headSize, let sum = Checksum(head: log) else {
      end = 0
      unreadable = log.count > WriteAheadLog.headSize ? 1 : 0
      return
    }
    var checksum = sum
    let salts = log[16..<24]
    let pageSize = Int(log.word(at: 8))
    let frameSize = WriteAheadLog.frameHeadSize + pageSize
    guard (512...65_536).contains(pageSize) else { return }
    let frames = stride(
      from: WriteAheadLog.headSize, through: log.count - frameSize, by: frameSize)
    for start in frames {
      // What was written before the log was begun anew has other salts.
      let isOfThisLog = log[start + 8..<start + 16].elementsEqual(salts)
      let isCommit = log.word(at: start + 4) != 0
      if end == nil {
        checksum.add(log[start..<start + 8])
        checksum.add(log[start + WriteAheadLog.frameHeadSize..<start + frameSize])
        if isOfThisLog, checksum.isWritten(in: log, at: start + 16) {
          if isCommit { transactions += 1 }
        } else {
          end = start
        }
      } else if isOfThisLog, isCommit {
        unreadable += 1
      }
    }
  }
}

/// The sum that SQLite writes into each frame, over all that comes before.
private struct Checksum {
  private var first: UInt32 = 0
  private var second: UInt32 = 0
  private let isBigEndian: Bool

  /// - Returns: nil where the log's head is not what SQLite writes.
  init?(head: UnsafeRawBufferPointer) {
    switch head.word(at: 0) {
    case 0x377f_0682: isBigEndian = false
    case 0x377f_0683: isBigEndian = true
    default: return nil
    }
    add(head[0..<24])
    guard isWritten(in: head, at: 24) else { return nil }
  }

  mutating func add(_ bytes: Slice<UnsafeRawBufferPointer>) {
    let bytes = UnsafeRawBufferPointer(rebasing: bytes)
    for place in stride(from: 0, to: bytes.count, by: 8) {
      first = first &+ word(bytes, place) &+ second
      second = second &+ word(bytes, place + 4) &+ first
    }
  }

  func isWritten(in log: UnsafeRawBufferPointer, at place: Int) -> Bool {
    log.word(at: place) == first && log.word(at: place + 4) == second
  }

  private func word(_ bytes: UnsafeRawBufferPointer, _ place: Int) -> UInt32 {
    let word = bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)
    return isBigEndian ? UInt32(bigEndian: word) : UInt32(littleEndian: word)
  }
}

extension UnsafeRawBufferPointer {
  /// A number of a log's head or of a frame's.
  fileprivate func word(at place: Int) -> UInt32 {
    UInt32(bigEndian: loadUnaligned(fromByteOffset: place, as: UInt32.self))
  }
}
