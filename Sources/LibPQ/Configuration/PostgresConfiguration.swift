import Glibc

/// How to connect, and how the sessions shall be.
package struct PostgresConfiguration: Sendable {
  private(set) var options: ConnectionOptions

  /// What `pg_stat_activity` shows, unless the connection string or `PGAPPNAME` says something else.
  package var applicationName: String?
  /// How long connecting may take in all, whatever the number of hosts. (A `connect_timeout` in the
  /// connection string limits each host as well.)
  package var connectTimeout: Duration = .seconds(10)
  /// `statement_timeout`; nil leaves the server's default.
  package var statementTimeout: Duration?
  /// `lock_timeout`; nil leaves the server's default.
  package var lockTimeout: Duration?
  /// `idle_in_transaction_session_timeout`; nil leaves the server's default.
  package var idleInTransactionTimeout: Duration?
  /// `transaction_timeout`, where the server knows it (17 and later); nil leaves its default.
  package var transactionTimeout: Duration?
  /// How long a round trip may take by our own clock, after which the connection is given up: the
  /// guard against a server that is gone without a word. Nil: for ever. Longer than
  /// ``statementTimeout``, to be of use.
  package var responseTimeout: Duration?
  /// Settings of each session, applied in order, after all of the above.
  package var sessionSettings: [(name: String, value: String)] = []
  /// The same, of which a server goes without those that it does not know, being older than they are.
  package var optionalSettings: [(name: String, value: String)] = []

  /// - Parameter connectionString: A URL, keywords and values, or empty for libpq's defaults, as
  ///   everywhere with libpq: several hosts, a service and `PG…` environment variables work.
  /// - Throws: ``PostgresError``, kind `misuse`, which says what is wrong with the string.
  package init(_ connectionString: String = "") throws(PostgresError) {
    options = try ConnectionOptions(parsing: connectionString)
  }

  /// Connects to a primary only, and finds it among several hosts, unless the connection string says
  /// something else (`target_session_attrs`).
  package mutating func requirePrimary() {
    options.setDefault("target_session_attrs", "primary")
  }

  /// Which database it leads to, by the names that were given. Other names may lead there, too.
  package var target: String {
    let keywords: KeyValuePairs = [
      "service": "PGSERVICE", "host": "PGHOST", "hostaddr": "PGHOSTADDR", "port": "PGPORT",
      "dbname": "PGDATABASE",
    ]
    return keywords.map { keyword, variable in
      options[keyword] ?? getenv(variable).map { String(cString: $0) } ?? ""
    }.joined(separator: "/")
  }

  /// Host, port, database and user, for people. Never the password.
  package var redactedDescription: String { options.redactedDescription }

  /// Whether the connection string itself has a password, or that of a key's file.
  package var holdsPassword: Bool { options["password"] != nil || options["sslpassword"] != nil }

  /// The session's settings, in the order they are applied.
  var effectiveSettings: [SessionSetting] {
    var settings = [
      SessionSetting("TimeZone", "UTC"), SessionSetting("DateStyle", "ISO, MDY"),
      SessionSetting("bytea_output", "hex"),
      // What a statement's answer comes with is looked at, whatever a role's default is.
      SessionSetting("client_min_messages", "notice"),
      // A client that vanished without a word leaves the server waiting for two hours, with its locks. No
      // other limit runs between the statements of a pipeline, nor on an idle session. Ten seconds of
      // silence, three probes among them, are none of a slow network. On Unix sockets these mean nothing.
      SessionSetting("tcp_keepalives_idle", "4s"), SessionSetting("tcp_keepalives_interval", "2s"),
      SessionSetting("tcp_keepalives_count", "3"), SessionSetting("tcp_user_timeout", "10s"),
    ]
    settings += [
      SessionSetting("statement_timeout", statementTimeout),
      SessionSetting("lock_timeout", lockTimeout),
      SessionSetting("idle_in_transaction_session_timeout", idleInTransactionTimeout),
      SessionSetting("transaction_timeout", transactionTimeout, isOptional: true),
    ].compactMap { $0 }
    return settings + sessionSettings.map { SessionSetting($0.name, $0.value) }
      + optionalSettings.map { SessionSetting($0.name, $0.value, isOptional: true) }
  }
}

extension PostgresConfiguration: CustomStringConvertible, CustomReflectable {
  /// The same as ``redactedDescription``.
  package var description: String { redactedDescription }

  /// Nothing of the inside: `dump` would show the password.
  package var customMirror: Mirror {
    Mirror(self, children: ["connection": redactedDescription])
  }
}
