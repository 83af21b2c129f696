import BudgetLedger
import Foundation
import Synchronization
import TrustBudget

/// The tokens by which callers may ask for break-glass, on the node's own disk: an emergency does not wait
/// for PostgreSQL, not even at a node that was started while that was away.
///
/// Their digests and not they themselves, as in PostgreSQL; in JSON, readable by the node's user alone.
package final class EmergencyTokens: Sendable {
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

  private let path: String
  private let isWanted: @Sendable () -> Bool
  /// What the file holds; nil: that is not known.
  private let written = Mutex<[Kept]?>(nil)

  /// - Parameters:
  ///   - path: of the file.
  ///   - isWanted: whether the policy has break-glass; where it has none, nothing is kept.
  package init(path: String, isWanted: @escaping @Sendable () -> Bool) {
    self.path = path
    self.isWanted = isWanted
  }

  /// Those that were kept last; none where there is no file.
  ///
  /// - Throws: what reading it throws.
  func read() throws -> [APIToken] {
    let bytes: Data
    do {
      bytes = try Data(contentsOf: URL(filePath: path))
    } catch CocoaError.fileReadNoSuchFile, CocoaError.fileNoSuchFile {
      return []
    }
    return try JSONDecoder().decode([Kept].self, from: bytes).compactMap(\.token)
  }

  /// Keeps the tokens, if they are others than before: the old file or the new one is there at any moment.
  ///
  /// - Throws: what the system says against it.
  func keep(_ tokens: [APIToken]) throws {
    guard isWanted() else { return }
    let roles = Access.ofBreakGlass
    let kept = tokens.filter { !$0.roles.isDisjoint(with: roles) }.map(Kept.init)
      .sorted { $0.name < $1.name }
    guard written.withLock({ $0 != kept }) else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try replace(with: try encoder.encode(kept))
    written.withLock { $0 = kept }
  }

  private func replace(with bytes: Data) throws {
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
  }
}
