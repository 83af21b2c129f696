import AsyncAlgorithms
import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import TrustBudget

/// What some files say together, read again when one of them changes.
///
/// Files that fail never replace good ones that are in use. Files that belong together, a certificate
/// and its key, are seldom replaced in the same moment: what fails is complained of when it is still
/// there at the next look.
package final class WatchedFiles<Value: Sendable>: Service {
  private struct State {
    var value: Value
    /// Of the files that the value was read from.
    var digest: Digest
    /// Of the files that were found unfit, and why.
    var unfit: (digest: Digest, reason: String, isLogged: Bool)?
  }

  private let what: String
  private let paths: [String]
  private let read: @Sendable ([[UInt8]]) throws -> Value
  private let look: @Sendable (Value) -> Void
  private let logger: Logger
  private let state: Mutex<State>

  /// Reads the files for the first time.
  ///
  /// - Parameters:
  ///   - what: what logs call the files.
  ///   - look: told the value at each look, every second; changed or not.
  ///   - read: makes a value of the files' bytes, in the order of `paths`.
  /// - Throws: what `read` throws, or `UnreadableFile`.
  package init(
    _ what: String, _ paths: [String], logger: Logger,
    look: @escaping @Sendable (Value) -> Void = { _ in },
    read: @escaping @Sendable ([[UInt8]]) throws -> Value
  ) throws {
    self.what = what
    self.paths = paths
    self.read = read
    self.look = look
    self.logger = logger
    let files = try paths.map(WatchedFiles.bytes)
    let value = try read(files)
    state = Mutex(State(value: value, digest: WatchedFiles.digest(files)))
    look(value)
  }

  package var current: Value { state.withLock { $0.value } }

  package func run() async throws {
    let ticks = AsyncTimerSequence(interval: .seconds(1), clock: .continuous)
    for await _ in ticks.cancelOnGracefulShutdown() {
      reload()
      look(current)
    }
  }

  func reload() {
    do {
      let files = try paths.map(WatchedFiles.bytes)
      let digest = WatchedFiles.digest(files)
      let isKnown = state.withLock { state in
        if digest == state.digest { state.unfit = nil }
        return digest == state.digest
      }
      guard !isKnown else { return }
      do {
        let value = try read(files)
        state.withLock { $0 = State(value: value, digest: digest) }
        logger.notice("files loaded", metadata: ["what": "\(what)"])
      } catch {
        reject(digest, "\(error)")
      }
    } catch {
      reject(Digest(hashing: Array("\(error)".utf8)), "\(error)")
    }
  }

  private func reject(_ digest: Digest, _ reason: String) {
    let isDue = state.withLock { state in
      let isSeenAgain = state.unfit?.digest == digest
      let wasLogged = isSeenAgain && state.unfit?.isLogged == true
      state.unfit = (digest, reason, isSeenAgain)
      return isSeenAgain && !wasLogged
    }
    guard isDue else { return }
    logger.error(
      "files not loaded, the last good ones stay in use",
      metadata: [
        "what": "\(what)", "files": "\(paths.joined(separator: ", "))", "problem": "\(reason)",
      ])
  }

  private static func bytes(_ path: String) throws -> [UInt8] {
    do {
      return Array(try Data(contentsOf: URL(filePath: path)))
    } catch {
      throw UnreadableFile(path: path, reason: error.systemReason)
    }
  }

  private static func digest(_ files: [[UInt8]]) -> Digest {
    Digest(hashing: files.flatMap { Array("\($0.count):".utf8) + $0 })
  }
}

/// A file that cannot be read.
package struct UnreadableFile: Error, CustomStringConvertible {
  let path: String
  let reason: String

  package var description: String { "\(path) cannot be read: \(reason)" }
}
