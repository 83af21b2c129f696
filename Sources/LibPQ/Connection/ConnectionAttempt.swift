import CPostgreSQL
import Foundation

/// Connects to the first of the hosts that will do, within a deadline.
///
/// libpq's own list of hosts serves only its blocking calls well: without them, nothing makes it
/// leave a host that doesn't answer. So each host is tried by itself here, with libpq's rules: one
/// that refuses us as a user ends the list, and `target_session_attrs` holds for each.
struct ConnectionAttempt {
  private struct Host {
    var name: String?
    var address: String?
    var port: String?
  }

  /// How often a wait looks up whether the task was cancelled.
  private static let slice: Duration = .milliseconds(100)

  private let options: ConnectionOptions
  private let timeout: Duration

  init(_ configuration: PostgresConfiguration) {
    var options = configuration.options
    options["client_encoding"] = "UTF8"
    if let name = configuration.applicationName {
      options.setDefault("fallback_application_name", name)
    }
    // A peer that vanished is noticed within half a minute. A service file may have its own ideas.
    if options["service"] == nil {
      options.setDefault("keepalives_idle", "10")
      options.setDefault("keepalives_interval", "5")
      options.setDefault("keepalives_count", "3")
      options.setDefault("tcp_user_timeout", "20000")
    }
    self.options = options
    timeout = configuration.connectTimeout
  }

  /// - Returns: The connection, in non-blocking mode; the caller's to finish.
  /// - Throws: ``PostgresError``.
  func connect() throws(PostgresError) -> OpaquePointer {
    guard !AbandonedWork.all.isTooMuch else {
      throw PostgresError(
        .connection, "\(AbandonedWork.all.limit) attempts to connect still hang in libpq")
    }
    let deadline = ContinuousClock.now + timeout
    // Until libpq says what it makes of them, which comes after the first name's resolution.
    let namesHosts = ["host", "hostaddr", "service"].contains { options[$0] != nil }
    var effective = namesHosts ? options : options.withDefaults
    var hosts = Self.hosts(effective)
    do {
      let connection = try start(
        options, before: hostDeadline(effective, deadline, hosts.count))
      effective = ConnectionOptions(of: connection)
      hosts = Self.hosts(effective)
      guard hosts.count > 1 else {
        return try complete(connection, before: hostDeadline(effective, deadline, 1))
      }
      PQfinish(connection)
    } catch {
      // The first one's name could not be looked up: there are others.
      guard hosts.count > 1, error.kind == .connection else { throw error }
    }

    // prefer-standby is two walks along the list.
    let wanted = effective["target_session_attrs"] ?? "any"
    let walks = wanted == "prefer-standby" ? ["standby", "any"] : [wanted]
    var errors: [PostgresError] = []
    for (walk, attributes) in walks.enumerated() {
      for (index, host) in hosts.enumerated() {
        let left = (walks.count - walk) * hosts.count - index
        do {
          return try connect(
            to: host, attributes: attributes,
            deadline: hostDeadline(effective, deadline, left))
        } catch {
          guard !error.isAuthenticationFailure, error.kind == .connection else { throw error }
          errors.append(error)
        }
      }
    }
    var error = errors.last ?? PostgresError(.connection, "no host to connect to")
    error.message = errors.map(\.message).joined(separator: "; ")
    error.sqlState = errors.lazy.compactMap(\.sqlState).first
    throw error
  }

  private func connect(
    to host: Host, attributes: String, deadline: ContinuousClock.Instant
  ) throws(PostgresError) -> OpaquePointer {
    var options = options
    options["host"] = host.name
    options["hostaddr"] = host.address
    options["port"] = host.port
    options["target_session_attrs"] = attributes
    return try complete(start(options, before: deadline), before: deadline)
  }

  /// A connection that nobody else has.
  private struct Started: @unchecked Sendable {
    let connection: OpaquePointer?
  }

  /// Starts connecting; the name's resolution, which can't be interrupted, comes first.
  private func start(
    _ options: ConnectionOptions, before deadline: ContinuousClock.Instant
  ) throws(PostgresError) -> OpaquePointer {
    let work = DetachedWork(discard: { PQfinish($0.connection) }) {
      let pairs = options.values.sorted { $0.key < $1.key }
      var keywords = pairs.map { UnsafePointer(strdup($0.key)) } + [nil]
      var values = pairs.map { UnsafePointer(strdup($0.value)) } + [nil]
      defer { (keywords + values).forEach { free(UnsafeMutablePointer(mutating: $0)) } }
      return Started(connection: PQconnectStartParams(&keywords, &values, 0))
    }
    guard let started = work.value(before: deadline, slice: Self.slice) else {
      throw Task.isCancelled
        ? PostgresError(.cancelled, "cancelled while connecting")
        : ConnectionFailure.unresolved(options)
    }
    guard let connection = started.connection else {
      throw PostgresError(.connection, "out of memory")
    }
    // While connecting, the SQLSTATE comes in libpq's message only, and only so.
    PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)
    // What the server remarks meanwhile, of an operating system's newer collations say, libpq would print
    // to standard error, in the middle of a log or of what somebody reads.
    PQsetNoticeReceiver(connection, { _, _ in }, nil)
    return connection
  }

  /// Waits until the connection is made.
  private func complete(
    _ connection: OpaquePointer, before deadline: ContinuousClock.Instant
  ) throws(PostgresError) -> OpaquePointer {
    let options = ConnectionOptions(of: connection)
    guard PQstatus(connection) != CONNECTION_BAD else {
      defer { PQfinish(connection) }
      throw ConnectionFailure.error(of: connection, options)
    }
    let started = Started(connection: connection)
    let handshake = Handshake()
    let work = DetachedWork(discard: { _ in PQfinish(started.connection) }) {
      handshake.run(on: started.connection, slice: Self.slice)
    }
    guard let isMade = work.value(before: deadline, slice: Self.slice) else {
      // From now on the connection is the work's, which finishes it.
      let isInLibrary = handshake.leave()
      if Task.isCancelled { throw PostgresError(.cancelled, "cancelled while connecting") }
      throw isInLibrary ? ConnectionFailure.stuck(options) : ConnectionFailure.timeout(options)
    }
    guard isMade else {
      defer { PQfinish(connection) }
      throw ConnectionFailure.error(of: connection, options)
    }
    PQsetErrorVerbosity(connection, PQERRORS_DEFAULT)
    guard PQsetnonblocking(connection, 1) == 0 else {
      PQfinish(connection)
      throw PostgresError(.connection, "the connection was lost at once")
    }
    return connection
  }

  /// A fair share of what is left, so that no dead host takes the time of those after it.
  private func hostDeadline(
    _ options: ConnectionOptions, _ deadline: ContinuousClock.Instant, _ hostsLeft: Int
  ) -> ContinuousClock.Instant {
    let now = ContinuousClock.now
    var share = (deadline - now) / hostsLeft
    if let seconds = options["connect_timeout"].flatMap({ Int($0) }), seconds > 0 {
      share = min(share, .seconds(max(seconds, 2)))
    }
    return now + share
  }

  private static func hosts(_ options: ConnectionOptions) -> [Host] {
    func list(_ keyword: String) -> [String] {
      (options[keyword] ?? "").split(separator: ",", omittingEmptySubsequences: false)
        .map(String.init)
    }
    let names = list("host")
    let addresses = list("hostaddr")
    let ports = list("port")
    return (0..<max(names.count, addresses.count, 1)).map { index in
      Host(
        name: names.indices.contains(index) ? names[index] : nil,
        address: addresses.indices.contains(index) ? addresses[index] : nil,
        port: ports.count == 1 ? ports[0] : ports.indices.contains(index) ? ports[index] : nil)
    }
  }
}
