/// Where a statement puts its parameters' values, in PostgreSQL's binary format.
///
/// All values of a pipeline share one buffer, which its session keeps: binding allocates nothing
/// once the buffer has grown.
package struct PostgresParameters: ~Copyable {
  /// Where a value lies in the buffer; a negative length is NULL.
  struct Slot {
    let offset: Int
    let length: Int32
  }

  private(set) var slots: ContiguousArray<Slot> = []
  private(set) var buffer = PostgresBuffer()
  private var types: [PostgresType] = []
  private var firstSlot = 0
  private var mismatch: String?

  /// Appends the next parameter's value.
  package mutating func append<Value: PostgresValue>(_ value: Value) {
    guard let type = nextType(for: Value.self) else { return }
    let offset = buffer.count
    value.write(as: type, into: &buffer)
    slots.append(Slot(offset: offset, length: Int32(clamping: buffer.count - offset)))
  }

  /// Appends the next parameter's value, NULL for nil.
  package mutating func append<Value: PostgresValue>(_ value: Value?) {
    if let value {
      append(value)
    } else if nextType(for: Value.self) != nil {
      slots.append(Slot(offset: buffer.count, length: -1))
    }
  }

  /// Forgets all values, and keeps the memory.
  mutating func reset() {
    slots.removeAll(keepingCapacity: true)
    buffer.reset()
  }

  /// Gives the values of a statement as libpq wants them: addresses, lengths, formats (all binary).
  func withPointers<Result>(
    _ range: Range<Int>,
    _ body: ([UnsafePointer<CChar>?], [Int32], [Int32]) -> Result
  ) -> Result {
    let values = slots[range].map { slot in
      slot.length < 0
        ? nil : UnsafePointer((buffer.base + slot.offset).assumingMemoryBound(to: CChar.self))
    }
    return body(
      values, slots[range].map { max($0.length, 0) }, [Int32](repeating: 1, count: range.count))
  }

  /// Lets a statement append its values.
  ///
  /// - Returns: The slots of the statement's values.
  /// - Throws: ``PostgresError``, kind `misuse`, if they aren't what `parameterTypes` says.
  mutating func bind<Statement: PostgresStatement>(
    _ statement: Statement
  ) throws(PostgresError) -> Range<Int> {
    types = Statement.parameterTypes
    firstSlot = slots.count
    mismatch = nil
    statement.bind(&self)
    let count = slots.count - firstSlot
    if mismatch == nil, count != types.count {
      mismatch = "\(count) values are bound to \(types.count) parameters"
    }
    if let mismatch {
      var error = PostgresError(.misuse, mismatch)
      error.statement = Statement.name ?? "\(Statement.self)"
      throw error
    }
    return firstSlot..<slots.count
  }

  /// The declared type of the next parameter, if `Value` can be written as it.
  private mutating func nextType<Value: PostgresValue>(for _: Value.Type) -> PostgresType? {
    let index = slots.count - firstSlot
    guard mismatch == nil else { return nil }
    guard index < types.count else {
      mismatch = "more values are bound than the \(types.count) parameters"
      return nil
    }
    guard Value.canWrite(as: types[index]) else {
      mismatch = "parameter $\(index + 1) is \(types[index]), which no \(Value.self) is written as"
      return nil
    }
    return types[index]
  }
}
