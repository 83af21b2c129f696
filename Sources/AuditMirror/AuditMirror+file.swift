import ClaimedFile
import Foundation
import TrustBudget

// The file's place: claimed, opened, and given up where what is there cannot be used.

extension AuditMirror {
  func claim() throws(AuditFileError) -> ClaimedFile {
    do {
      return try ClaimedFile(
        claiming: settings.path, holder: "process \(getpid()), node \(settings.node)")
    } catch {
      throw AuditFileError(error)
    }
  }

  func openFile(ledger: LedgerIdentity, claim: ClaimedFile) async throws -> AuditFile {
    func open() async throws -> AuditFile {
      try await AuditFile.open(claim, ledger: ledger, headsInterval: settings.headsInterval)
    }
    do {
      return try await open()
    } catch AuditFileError.corrupt(let reason) where claim.isOne(of: .auditFile) {
      try setAside(claim, because: reason)
      return try await open()
    } catch AuditFileError.corrupt(let reason) {
      // It was named by mistake, and is nobody's to move: not the next time either.
      claim.abandon()
      throw AuditFileError.foreign("\(reason); name another one, or move it away")
    } catch AuditFileError.foreign(let reason) {
      claim.abandon()
      throw AuditFileError.foreign(reason)
    }
  }

  /// Keeps a damaged file under another name; the next one is built from PostgreSQL.
  func setAside(_ claim: ClaimedFile, because reason: String) throws(AuditFileError) {
    do {
      let target = try claim.setAside(as: "corrupt-\(settings.now().fileNameText)")
      health.noteSetAside(target, because: reason)
    } catch {
      throw AuditFileError(error)
    }
  }
}
