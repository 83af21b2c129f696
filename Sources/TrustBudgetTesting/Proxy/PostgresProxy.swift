import Foundation
import Synchronization

/// Stands between a node and PostgreSQL, on a Unix socket of its own, and loses connections at the
/// moments that matter.
///
/// It understands just enough of the protocol to know where a COMMIT is and where its answer ends.
package final class PostgresProxy: Sendable {
  /// What becomes of the next COMMIT that comes by.
  package enum Fault: Sendable, CaseIterable {
    /// The connection is cut, and the server never sees it.
    case cutBeforeCommit
    /// It is kept back, and the server waits for it: the node seems to have stopped.
    case holdCommit
    /// The server carries it out; the connection is cut before its answer comes through.
    case cutAfterCommit
    /// The server carries it out, and from then on nothing comes through, though the connection
    /// stays.
    case silenceAfterCommit
  }

  private struct State {
    var faults: [Fault] = []
    var commits = 0
    var isRefusing = false
    var refusesAfterFault = false
    var connections: [ProxiedConnection] = []
  }

  /// How to connect through the proxy.
  package let connectionString: String
  private let serverSocket: String
  private let directory: String
  private let listener: Int32
  private let state = Mutex(State())

  /// Lends a proxy in front of a database's server.
  package static func with<R>(
    _ database: TestDatabase, _ body: (PostgresProxy) async throws -> R
  ) async throws -> R {
    let proxy = try PostgresProxy(database)
    defer { proxy.close() }
    proxy.start()
    return try await body(proxy)
  }

  private init(_ database: TestDatabase) throws {
    guard let match = database.connectionString.firstMatch(of: #/host='([^']*)'/#) else {
      throw TestFailure("no host in the connection string")
    }
    serverSocket = "\(match.1)/.s.PGSQL.5432"
    directory = NSTemporaryDirectory() + "proxy-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    listener = try UnixSocket.listen(at: "\(directory)/.s.PGSQL.5432")
    connectionString = database.connectionString.replacing(
      match.0, with: "host='\(directory)'")
  }

  /// COMMITs that came by so far, those that met a fault included.
  package var commits: Int { state.withLock { $0.commits } }

  /// Sets what becomes of the next COMMITs, one fault each.
  ///
  /// - Parameter thenRefuse: whether nobody can connect any more after a fault, until
  ///   ``acceptConnections()``.
  package func inject(_ faults: Fault..., thenRefuse: Bool = false) {
    state.withLock {
      $0.faults += faults
      $0.refusesAfterFault = thenRefuse
    }
  }

  /// Cuts every connection, and takes no new ones.
  package func refuseConnections() {
    let connections = state.withLock { state in
      state.isRefusing = true
      return state.connections
    }
    for connection in connections { connection.cut() }
  }

  package func acceptConnections() {
    state.withLock {
      $0.isRefusing = false
      $0.refusesAfterFault = false
    }
  }

  /// What is to become of a COMMIT that has just come by.
  func faultOfCommit() -> Fault? {
    state.withLock { state in
      state.commits += 1
      guard !state.faults.isEmpty else { return nil }
      if state.refusesAfterFault { state.isRefusing = true }
      return state.faults.removeFirst()
    }
  }

  private func start() {
    Thread.detachNewThread { [self] in
      while true {
        let client = accept(listener, nil, nil)
        guard client >= 0 else { return }
        guard !state.withLock({ $0.isRefusing }),
          let server = try? UnixSocket.connect(to: serverSocket)
        else {
          Glibc.close(client)
          continue
        }
        let connection = ProxiedConnection(client: client, server: server, proxy: self)
        state.withLock { $0.connections.append(connection) }
        connection.start()
      }
    }
  }

  private func close() {
    refuseConnections()
    shutdown(listener, Int32(SHUT_RDWR))
    Glibc.close(listener)
    try? FileManager.default.removeItem(atPath: directory)
  }
}
