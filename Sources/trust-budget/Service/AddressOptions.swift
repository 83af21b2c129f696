import ArgumentParser

/// Where a node is to be reached.
struct AddressOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Where to listen, HOST:PORT; port 0 takes a free one. May be given several times. Default: \
      127.0.0.1:8470, or nowhere with --unix-socket.
      """, valueName: "host:port"), transform: ListenAddress.init(option:))
  var listen: [ListenAddress] = []

  @Option(
    name: .customLong("unix-socket"),
    help: ArgumentHelp(
      "Listen at a Unix socket as well; without --listen, nowhere else.", valueName: "path"))
  var unixSocketPath: String?

  func validate() throws {
    try Settings.unixSocket.validate(unixSocketPath)
  }

  var unixSocket: String? { unixSocketPath ?? Settings.unixSocket.value }

  /// The TCP addresses that somebody names.
  var named: [ListenAddress] { listen.isEmpty ? Settings.listen.value : listen }

  /// The TCP addresses at which a node listens: those that are named, or the default where there is no
  /// Unix socket.
  var tcp: [ListenAddress] {
    guard named.isEmpty, unixSocket == nil else { return named }
    return [ListenAddress(host: "127.0.0.1", port: 8470)]
  }
}
