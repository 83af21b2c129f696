import Foundation
import Synchronization
import TrustBudget

/// Writes the trail, or a part of it, for somebody to take away.
package struct Export: Sendable {
  package struct Result: Hashable, Sendable {
    package let entries: Int64
    /// What the export was restricted to.
    package let filter: String?
  }

  private let source: ExportSource
  private let format: ExportFormat
  private let filter: ExportFilter
  private let onProgress: @Sendable (Int64, Int64) -> Void

  /// - Parameter onProgress: told how many entries were read, and about how many there are.
  package init(
    _ source: ExportSource, as format: ExportFormat, filter: ExportFilter = ExportFilter(),
    onProgress: @escaping @Sendable (Int64, Int64) -> Void = { _, _ in }
  ) {
    self.source = source
    self.format = format
    self.filter = filter
    self.onProgress = onProgress
  }

  /// Writes a file under a temporary name, which then takes its place: there is a whole one, or none.
  ///
  /// - Throws: `AuditFileError`, `MirrorRefusal` for a trail that does not verify (as SQLite only),
  ///   or `PostgresError`.
  package func write(to path: String) async throws -> Result {
    let temporary = "\(path).partial-\(getpid())"
    defer {
      unlink(temporary)
      unlink(temporary + "-journal")
    }
    unlink(temporary)
    let result: Result
    switch format {
    case .sqlite: result = try await writeSQLite(to: temporary)
    case .csv, .jsonl:
      let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
      guard descriptor >= 0 else { throw Export.failure("\(path) cannot be made") }
      defer { close(descriptor) }
      result = try await writeText(to: descriptor)
    }
    try Export.sync(temporary)
    guard rename(temporary, path) == 0 else { throw Export.failure("\(path) cannot be made") }
    return result
  }

  /// Writes lines as they come, to a pipe say.
  package func writeText(to descriptor: Int32) async throws -> Result {
    let progress = Progress()
    if format == .csv { try Export.write(ExportFormat.csvHeader, to: descriptor) }
    try await source.read(begin: { progress.expect($0.entries) }) { page in
      let wanted = page.filter { filter.includes($0.entry) }
      let lines = wanted.map {
        format == .csv ? ExportFormat.csvLine($0) : ExportFormat.jsonLine($0)
      }
      try Export.write(lines.joined(), to: descriptor)
      onProgress(progress.add(read: page.count, written: wanted.count), progress.expected)
    }
    return Result(entries: progress.written, filter: filter.words)
  }

  private func writeSQLite(to path: String) async throws -> Result {
    let progress = Progress()
    let target = Target(path: path, filter: filter)
    try await source.read(begin: { view in
      progress.expect(view.entries)
      try await target.open(view)
    }) { page in
      let wanted = page.filter { filter.includes($0.entry) }
      try await target.append(wanted)
      onProgress(progress.add(read: page.count, written: wanted.count), progress.expected)
    }
    try await target.finish()
    return Result(entries: progress.written, filter: filter.words)
  }

  private static func write(_ text: String, to descriptor: Int32) throws(AuditFileError) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure("the export cannot be written") }
      bytes = bytes.dropFirst(count)
    }
  }

  private static func sync(_ path: String) throws(AuditFileError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("\(path) cannot be read") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure("\(path) cannot be written") }
  }

  private static func failure(_ what: String) -> AuditFileError {
    .unusable("\(what): \(String(cString: strerror(errno)))")
  }
}

/// The SQLite file that an export writes.
private actor Target {
  private let path: String
  private let filter: ExportFilter
  private var file: AuditFile?
  private var window: TrailWindow?

  init(path: String, filter: ExportFilter) {
    self.path = path
    self.filter = filter
  }

  func open(_ view: ExportView) async throws {
    file = try await AuditFile.create(path: path, ledger: view.ledger, filter: filter.words)
    window = TrailWindow(
      ledger: view.ledger, horizon: 0, nextTransaction: view.nextTransaction,
      isHeldBack: false,
      moment: Timestamp(microseconds: 0), completeAsOf: view.completeAsOf)
  }

  func append(_ rows: [MirroredEntry]) async throws {
    guard let file, let window else { return }
    try await file.append(rows, of: window, commits: false, endsWindow: false)
  }

  func finish() async throws {
    guard let file, let window else { return }
    try await file.append([], of: window, commits: true, endsWindow: true)
    file.close()
  }
}

/// How far an export is.
private final class Progress: Sendable {
  private let counts = Mutex<(read: Int64, written: Int64, expected: Int64)>((0, 0, 0))

  var written: Int64 { counts.withLock { $0.written } }
  var expected: Int64 { counts.withLock { max($0.expected, $0.read) } }

  func expect(_ entries: Int64) { counts.withLock { $0.expected = entries } }

  func add(read: Int, written: Int) -> Int64 {
    counts.withLock {
      $0.read += Int64(read)
      $0.written += Int64(written)
      return $0.read
    }
  }
}
