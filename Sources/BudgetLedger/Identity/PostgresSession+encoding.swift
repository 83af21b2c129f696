import LibPQ

extension PostgresSession {
  /// The encoding of a database that has not every character, of which names may have any; nil: it has.
  ///
  /// SQL_ASCII is none, and takes every character as it comes.
  var unfitEncoding: String? {
    let encoding = parameterStatus("server_encoding") ?? "UTF8"
    return ["UTF8", "SQL_ASCII"].contains(encoding) ? nil : encoding
  }
}
