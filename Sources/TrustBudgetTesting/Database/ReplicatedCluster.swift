import BudgetLedger
import Foundation
import LibPQ
import PrivatePostgres

/// A primary and a standby that confirms every COMMIT, with a ledger on them.
package struct ReplicatedCluster: Sendable {
  package let primary: PrivatePostgres
  package let standby: PrivatePostgres
  /// Both servers, of which libpq finds the primary.
  package let database: TestDatabase

  /// Lends two servers, and stops them afterwards.
  package static func with<R>(_ body: (ReplicatedCluster) async throws -> R) async throws -> R {
    try await Gate.databases.pass { try await start(body) }
  }

  private static func start<R>(
    _ body: (ReplicatedCluster) async throws -> R
  ) async throws -> R {
    let directory = FileManager.default.temporaryDirectory
      .appending(path: "replicated-\(UUID().uuidString.prefix(8))")
    // No fsync, for speed: what a crash of the server loses is what is tested, not a power cut.
    let settings = ["fsync": "off", "max_connections": "50"]
    let primary = try await PrivatePostgres.start(
      directory: directory.appending(path: "a"), settings: settings, ephemeral: true)
    return try await doing {
      _ = try await MigrationRunner(connectionString: primary.connectionString).up()
      let copy = directory.appending(path: "b")
      try await takeBaseBackup(of: primary, into: copy)
      let standby = try await PrivatePostgres.start(
        directory: copy, settings: settings, ephemeral: true)
      return try await doing {
        let cluster = ReplicatedCluster(
          primary: primary, standby: standby,
          database: TestDatabase(
            name: "postgres",
            connectionString: bothHosts(primary.connectionString, standby.connectionString)))
        try await cluster.requireStandby()
        return try await body(cluster)
      } finally: {
        await standby.stop()
      }
    } finally: {
      await primary.stop()
      try? FileManager.default.removeItem(at: directory)
    }
  }

  /// The two servers, each by itself.
  package func database(on server: PrivatePostgres) -> TestDatabase {
    TestDatabase(name: "postgres", connectionString: server.connectionString)
  }

  /// From now on the primary confirms no COMMIT that the standby has not written down.
  private func requireStandby() async throws {
    let primary = database(on: primary)
    try await primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
    try await primary.execute("SELECT pg_reload_conf()")
    let isSynchronous = try await eventually {
      try await primary.query("SELECT sync_state FROM pg_stat_replication") == [["sync"]]
    }
    guard isSynchronous else { throw TestFailure("the standby never came into step") }
  }

  /// From now on the standby receives nothing, and the primary waits for nobody.
  package func cutStandbyOff() async throws {
    let primary = database(on: primary)
    let standby = database(on: standby)
    try await requireNobody()
    try await standby.execute("ALTER SYSTEM SET primary_conninfo = ''")
    try await standby.execute("SELECT pg_reload_conf()")
    let isCutOff = try await eventually {
      try await primary.count("SELECT count(*) FROM pg_stat_replication") == 0
    }
    guard isCutOff else { throw TestFailure("the standby never let go") }
  }

  /// From now on the primary waits for nobody.
  package func requireNobody() async throws {
    let primary = database(on: primary)
    try await primary.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
    try await primary.execute("SELECT pg_reload_conf()")
  }

  /// Ends a node's wait for the standby, as soon as it waits: what it commits is committed here alone.
  package func endWait(of node: String) async throws {
    let primary = database(on: primary)
    let isEnded = try await eventually {
      try await primary.query(
        """
        SELECT pg_cancel_backend(pid) FROM pg_stat_activity
        WHERE wait_event = 'SyncRep' AND application_name = 'trust-budget \(node)'
        """) == [["t"]]
    }
    guard isEnded else { throw TestFailure("no COMMIT of \(node) waits for the standby") }
  }

  private static func bothHosts(_ first: String, _ second: String) -> String {
    let hosts = [first, second].map { string in
      string.firstMatch(of: #/host='([^']*)'/#).map { String($0.1) } ?? ""
    }
    return "host='\(hosts.joined(separator: ","))' port='5432,5432' user='postgres' "
      + "dbname='postgres' target_session_attrs=primary"
  }

  private static func takeBaseBackup(
    of primary: PrivatePostgres, into directory: URL
  ) async throws {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let data = directory.appending(path: "data").path
    try await run([
      "\(primary.programs.directory)/pg_basebackup", "--dbname", primary.connectionString,
      "--pgdata", data,
      "--checkpoint=fast", "--wal-method=stream", "--write-recovery-conf", "--no-sync",
    ])
    // As root the copy is root's, and the server is somebody else.
    let owner = try FileManager.default.attributesOfItem(
      atPath: directory.deletingLastPathComponent().appending(path: "a/data").path)
    let (user, group) = (owner[.ownerAccountID] as? Int, owner[.groupOwnerAccountID] as? Int)
    if geteuid() == 0, let user, let group {
      try await run(["chown", "-R", "\(user):\(group)", data])
    }
  }
}
