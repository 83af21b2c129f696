import BreakGlass
import BudgetLedger
import ClaimedFile
import Foundation
import Synchronization
import TrustBudget

/// The tokens by which callers may ask for break-glass, on the node's own disk: an emergency does not wait
/// for PostgreSQL, not even at a node that was started while that was away.
///
/// Their digests and not they themselves, as in PostgreSQL; in JSON, readable by the node's user alone.
package final class EmergencyTokens: Sendable {
  private struct Content: Codable, Hashable {
    /// Where they were read. An address is not a ledger, but it is known before anybody has been asked there.
    let database: String
    /// The ledger that they were read from; nil where that is not known, as in a file of an earlier version.
    let ledger: String?
    let tokens: [Kept]
  }

  private struct Kept: Codable, Hashable {
    let name: String
    let roles: [String]
    let hash: Data
    /// Microseconds since 1970; nil: good until it is revoked.
    let expiresAt: Int64?

    enum CodingKeys: String, CodingKey {
      case name, roles, hash
      case expiresAt = "expires_at"
    }

    init(_ token: APIToken) {
      name = token.name
      roles = token.roles.map(\.rawValue).sorted()
      hash = Data(token.digest.bytes)
      expiresAt = token.expiresAt?.microseconds
    }

    var token: APIToken? {
      guard let digest = Digest(bytes: Array(hash)) else { return nil }
      return APIToken(
        name: name, roles: Set(roles.compactMap(Role.init(rawValue:))), digest: digest,
        createdAt: Timestamp(microseconds: 0), createdBy: "",
        expiresAt: expiresAt.map { Timestamp(microseconds: $0) }, revokedAt: nil)
    }
  }

  /// What a file holds, as callers are looked up in it.
  private struct Found {
    let database: String
    let ledger: String?
    let tokens: KnownTokens
  }

  /// Why the file says nothing.
  package struct Unusable: Error, CustomStringConvertible {
    package let description: String
  }

  private let path: String
  private let disk: JournalDisk
  private let database: String
  private let knownLedger: @Sendable () -> String?
  private let isWanted: @Sendable () -> Bool
  /// What was found last, and in which file; a file that is damaged holds nothing.
  private let seen = Mutex<(found: Found?, file: ChangeStamp)?>(nil)
  /// What was written last, and to which file; nil: that is not known.
  private let written = Mutex<(content: Content, file: ChangeStamp)?>(nil)

  /// - Parameters:
  ///   - path: of the file.
  ///   - disk: where that is.
  ///   - database: where the node reads its tokens.
  ///   - knownLedger: the ledger that the node has worked on, as its audit file has it; nil: not known.
  ///   - isWanted: whether the policy has break-glass; where it has none, nothing is kept.
  package init(
    path: String, on disk: JournalDisk, database: String,
    knownLedger: @escaping @Sendable () -> String?, isWanted: @escaping @Sendable () -> Bool
  ) {
    self.path = path
    self.disk = disk
    self.database = database
    self.knownLedger = knownLedger
    self.isWanted = isWanted
  }

  /// Those that were kept last; none where there is no file. A file that has not changed is not read again.
  ///
  /// - Throws: `Unusable`, also where the disk does not answer.
  func read() async throws(Unusable) -> KnownTokens {
    do {
      return try await disk.perform { try self.readFile() }
    } catch let error as Unusable {
      throw error
    } catch {
      throw Unusable(description: "\(error)")
    }
  }

  private func readFile() throws(Unusable) -> KnownTokens {
    guard let file = ChangeStamp(path) else { return KnownTokens([], readAt: .now) }
    guard let found = try found(in: file) else {
      throw Unusable(description: "\(path) is damaged")
    }
    let isOfKnownLedger = found.ledger != nil && found.ledger == knownLedger()
    guard isOfKnownLedger || found.database == database else {
      throw Unusable(
        description: "\(path) was kept at another address of PostgreSQL, and the node's audit file "
          + "does not say that the ledger is the same; give the node that address, or let it reach "
          + "PostgreSQL once"
      )
    }
    return found.tokens
  }

  /// - Returns: nil where the file is damaged.
  private func found(in file: ChangeStamp) throws(Unusable) -> Found? {
    if let seen = seen.withLock({ $0 }), seen.file == file { return seen.found }
    // A pipe would be waited for.
    guard case .file = FilePlace(path), let handle = FileHandle(forReadingAtPath: path),
      let bytes = try? handle.readToEnd() ?? Data()
    else {
      // Not for good, perhaps: too many files may be open.
      throw Unusable(description: "\(path) cannot be read")
    }
    let found = (try? JSONDecoder().decode(Content.self, from: bytes)).map {
      Found(
        database: $0.database, ledger: $0.ledger,
        tokens: KnownTokens($0.tokens.compactMap(\.token), readAt: .now))
    }
    seen.withLock { $0 = (found, file) }
    return found
  }

  /// Keeps the tokens, where the file does not have just these. Where they are not wanted, or cannot be kept,
  /// no older ones stay either, unless the disk does not answer: some may have been revoked since.
  ///
  /// - Throws: what the system says against it; `JournalProblem` where the disk does not answer.
  func keep(_ tokens: [APIToken], of ledger: String?) async throws {
    try await disk.perform { try self.write(tokens, of: ledger) }
  }

  private func write(_ tokens: [APIToken], of ledger: String?) throws {
    guard isWanted() else { return forget() }
    let roles = Access.ofBreakGlass
    let kept = tokens.filter { !$0.roles.isDisjoint(with: roles) }.map(Kept.init)
    let content = Content(
      database: database, ledger: ledger, tokens: kept.sorted { $0.name < $1.name })
    let isThere = written.withLock {
      $0.map { $0.content == content && $0.file == ChangeStamp(path) }
    }
    guard isThere != true else { return }
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      try replace(with: try encoder.encode(content))
    } catch {
      forget()
      throw error
    }
    written.withLock { $0 = ChangeStamp(path).map { (content, $0) } }
  }

  private func forget() {
    if unlink(path) == 0 { ClaimedFile.syncDirectory(of: path) }
    written.withLock { $0 = nil }
  }

  private func replace(with bytes: Data) throws {
    try ClaimedFile.makeDirectory(of: path)
    let temporary = "\(path).new"
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      try file.write(contentsOf: bytes)
      try file.synchronize()
      try file.close()
      guard rename(temporary, path) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    } catch {
      unlink(temporary)
      throw error
    }
    // Those that were there before hold tokens that were revoked since.
    ClaimedFile.syncDirectory(of: path)
  }
}
