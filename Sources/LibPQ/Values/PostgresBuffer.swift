/// A growing run of bytes in network order.
///
/// Plain memory, not an array: it is written once and handed to libpq, so nothing has to be
/// initialised, shared or counted in between.
package struct PostgresBuffer: ~Copyable {
  private(set) var base: UnsafeMutableRawPointer
  private(set) var count = 0
  private var capacity: Int

  init(capacity: Int = 4096) {
    self.capacity = capacity
    base = .allocate(byteCount: capacity, alignment: 16)
  }

  deinit {
    base.deallocate()
  }

  /// Appends an integer, most significant byte first.
  @inline(__always)
  package mutating func append<Value: FixedWidthInteger>(_ value: Value) {
    extend(by: MemoryLayout<Value>.size).storeBytes(of: value.bigEndian, as: Value.self)
  }

  /// Appends bytes as they are.
  @inline(__always)
  package mutating func append(contentsOf bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress else { return }
    extend(by: bytes.count).copyMemory(from: source, byteCount: bytes.count)
  }

  /// Makes room at the end.
  ///
  /// - Returns: Where the room starts, uninitialised.
  @inline(__always)
  mutating func extend(by length: Int) -> UnsafeMutableRawPointer {
    let start = count
    count += length
    if count > capacity { grow() }
    return base + start
  }

  /// Overwrites an integer that was appended earlier.
  @inline(__always)
  mutating func patch(_ value: Int32, at offset: Int) {
    (base + offset).storeBytes(of: value.bigEndian, as: Int32.self)
  }

  /// Forgets the bytes. A buffer that one huge statement blew up is given back.
  mutating func reset() {
    count = 0
    if capacity > 1 << 22 { self = PostgresBuffer() }
  }

  @inline(never)
  private mutating func grow() {
    let larger = max(capacity * 2, count)
    let copy = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
    copy.copyMemory(from: base, byteCount: capacity)
    base.deallocate()
    base = copy
    capacity = larger
  }
}
