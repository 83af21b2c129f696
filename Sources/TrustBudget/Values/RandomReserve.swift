import Glibc
import Synchronization

/// Random words from the system, drawn many at a time: to ask it for each id costs more than all the
/// rest of making one.
enum RandomReserve {
  private static let words = Mutex<[UInt64]>([])

  /// 128 random bits, which nobody else gets.
  static func takePair() -> (UInt64, UInt64) {
    words.withLock { words in
      if words.count < 2 { words = draw() }
      return (words.removeLast(), words.removeLast())
    }
  }

  private static func draw() -> [UInt64] {
    // 256 bytes: the most that the system gives at once.
    [UInt64](unsafeUninitializedCapacity: 32) { buffer, count in
      let failure = buffer.baseAddress.map { getentropy($0, 256) }
      precondition(failure == 0, "the system gives no random bytes")
      count = 32
    }
  }
}
