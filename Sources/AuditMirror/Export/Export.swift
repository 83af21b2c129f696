import ClaimedFile
import Foundation
import TrustBudget

/// Writes the trail, or a part of it, for somebody to take away.
package struct Export: Sendable {
  /// Which of the trails a text holds; a SQLite file holds both.
  package enum Trail: String, Sendable, CaseIterable {
    case entries
    case breakGlass = "break-glass"
  }

  package struct Result: Hashable, Sendable {
    package fileprivate(set) var entries: Int64
    package fileprivate(set) var events: Int64
    /// What the export was restricted to.
    package let filter: String?
    /// Rows are committed that are not in it, because an older transaction is open.
    package let isHeldBack: Bool
  }

  private let source: ExportSource
  private let format: ExportFormat
  private let trail: Trail
  private let filter: ExportFilter
  private let onProgress: @Sendable (Int64, Int64) -> Void

  /// - Parameters:
  ///   - trail: which one a text is to hold.
  ///   - onProgress: told how many rows were read, and about how many there are.
  package init(
    _ source: ExportSource, as format: ExportFormat, of trail: Trail = .entries,
    filter: ExportFilter = ExportFilter(),
    onProgress: @escaping @Sendable (Int64, Int64) -> Void = { _, _ in }
  ) {
    self.source = source
    self.format = format
    self.trail = trail
    self.filter = filter
    self.onProgress = onProgress
  }

  /// Writes a file under a temporary name, which then takes its place: there is a whole one, or none.
  /// It replaces an export before it, and no file of a node. Into what is no file, a pipe say, lines are
  /// written as they come.
  ///
  /// - Throws: `AuditFileError`, also for a file or a trail that does not verify (as SQLite only: texts are
  ///   for reading); or `PostgresError`.
  package func write(to path: String) async throws -> Result {
    try source.refuse(toBeReplacedAt: path)
    guard case .file(let path) = FilePlace(path) else { return try await write(into: path) }
    if format == .sqlite {
      try Export.refuseLog(beside: path)
      try await source.verify(onProgress: onProgress)
    }
    let temporary = "\(path).partial-\(getpid())"
    defer {
      unlink(temporary)
      unlink(temporary + "-journal")
    }
    unlink(temporary)
    let descriptor = try Export.make(temporary, inPlaceOf: path)
    defer { close(descriptor) }
    let result: Result
    switch format {
    case .sqlite:
      do {
        result = try await writeSQLite(to: temporary)
      } catch let refusal as MirrorRefusal {
        throw AuditFileError.unwritable(
          "the trail does not verify, and nothing was written. \(refusal.problemOfExport)")
      }
    case .csv, .jsonl: result = try await writeText(to: descriptor)
    }
    if let mode = Export.mode(of: path) { fchmod(descriptor, mode) }
    guard fsync(descriptor) == 0 else { throw Export.failure("\(path) cannot be written") }
    guard rename(temporary, path) == 0 else { throw Export.failure("\(path) cannot be made") }
    ClaimedFile.syncDirectory(of: path)
    return result
  }

  /// Makes a file for its owner to write and its group to read, as far as the umask lets it; or for whom
  /// the one of this user's was that it is to replace.
  private static func make(
    _ temporary: String, inPlaceOf path: String
  ) throws(AuditFileError) -> Int32 {
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { throw failure("\(path) cannot be made") }
    // Not read-only yet, where that one is: SQLite opens it again.
    if let mode = mode(of: path) { fchmod(descriptor, mode | 0o600) }
    return descriptor
  }

  /// The permissions of a file; nil where there is none of this user's: what somebody else has put there does
  /// not say who may write to an export.
  private static func mode(of path: String) -> mode_t? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_uid == geteuid() else { return nil }
    return status.st_mode & 0o777
  }

  /// Whether an export to a path is written beside it until it is whole.
  package static func replaces(_ path: String) -> Bool {
    if case .file = FilePlace(path) { true } else { false }
  }

  /// The log of a file that was there before would be read along with the export, which it is not of.
  private static func refuseLog(beside path: String) throws(AuditFileError) {
    for log in ["-wal", "-journal", "-shm"].map({ path + $0 }) where access(log, F_OK) == 0 {
      throw .unwritable(
        "\(log) would be taken for a part of the export; remove it, or name another file")
    }
  }

  /// Writes into what cannot be replaced: a device, a pipe.
  private func write(into path: String) async throws -> Result {
    guard format != .sqlite else {
      throw AuditFileError.unwritable("\(path) is no regular file, and cannot become one")
    }
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Export.failure("\(path) cannot be written") }
    defer { close(descriptor) }
    return try await writeText(to: descriptor)
  }

  /// Writes lines as they come, to a pipe say.
  package func writeText(to descriptor: Int32) async throws -> Result {
    try await source.withView { view in
      var result = Result(entries: 0, events: 0, filter: filter.words, isHeldBack: view.isHeldBack)
      switch trail {
      case .entries:
        result.entries = try await writeText(MirroredEntry.self, of: view, to: descriptor)
      case .breakGlass:
        result.events = try await writeText(MirroredEvent.self, of: view, to: descriptor)
      }
      return result
    }
  }

  private func writeText<TableRow: ExportedRow>(
    _: TableRow.Type, of view: ExportView, to descriptor: Int32
  ) async throws -> Int64 {
    if format == .csv { try Export.write(TableRow.csvHeader, to: descriptor) }
    var progress = Progress(expected: view.rows)
    try await view.read(TableRow.self, filter) { rows, read in
      let lines = rows.map { format == .csv ? $0.csvLine : $0.jsonLine }
      try Export.write(lines.joined(), to: descriptor)
      progress.add(read: read, written: rows.count, onProgress)
    }
    return progress.written
  }

  private func writeSQLite(to path: String) async throws -> Result {
    try await source.withView { view in
      let file = try await AuditFile.create(path: path, ledger: view.ledger, filter: filter.words)
      let window = TrailWindow(
        ledger: view.ledger, horizon: 0, nextTransaction: view.nextTransaction,
        isHeldBack: false, moment: Timestamp(microseconds: 0), completeAsOf: view.completeAsOf)
      var progress = Progress(expected: view.rows)
      try await view.read(MirroredEvent.self, filter) { rows, read in
        try await file.append(rows, of: window, endsWindow: false)
        progress.add(read: read, written: rows.count, onProgress)
      }
      try await file.append([MirroredEvent](), of: window, endsWindow: true)
      let events = progress.written
      try await view.read(MirroredEntry.self, filter) { rows, read in
        try await file.append(rows, of: window, commits: false, endsWindow: false)
        progress.add(read: read, written: rows.count, onProgress)
      }
      try await file.append([], of: window, commits: true, endsWindow: true)
      try await file.finish()
      file.close()
      return Result(
        entries: progress.written - events, events: events, filter: filter.words,
        isHeldBack: view.isHeldBack)
    }
  }

  private static func write(_ text: String, to descriptor: Int32) throws(AuditFileError) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EAGAIN {
        // Somebody else who has the pipe open made it so that nobody waits for it.
        var place = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&place, 1, -1)
        continue
      }
      guard count > 0 else { throw .unwritable(String(cString: strerror(errno))) }
      bytes = bytes.dropFirst(count)
    }
  }

  private static func failure(_ what: String) -> AuditFileError {
    .unwritable("\(what): \(String(cString: strerror(errno)))")
  }
}

/// How far an export is.
private struct Progress {
  private(set) var written: Int64 = 0
  private var read: Int64 = 0
  private let expected: Int64

  init(expected: Int64) { self.expected = expected }

  mutating func add(read: Int, written: Int, _ onProgress: (Int64, Int64) -> Void) {
    self.read += Int64(read)
    self.written += Int64(written)
    onProgress(self.read, max(expected, self.read))
  }
}
