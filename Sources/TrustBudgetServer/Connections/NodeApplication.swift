import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle

/// What answers at one of a node's addresses.
struct NodeApplication: Service {
  private let address: Entrance.Address
  private let application: any ApplicationProtocol
  private let socket: UnixSocketFile?

  init(
    address: Entrance.Address, entrance: Entrance, count: ConnectionCount,
    responder: MeasuredResponder, logger: Logger,
    onListening: @escaping @Sendable (Entrance.Address) async -> Void
  ) {
    let bindAddress: BindAddress
    let socket: UnixSocketFile?
    switch address {
    case .tcp(let host, let port):
      bindAddress = .hostname(host, port: port)
      socket = nil
    case .unix(let path, let mode):
      bindAddress = .unixDomainSocket(path: path)
      socket = UnixSocketFile(path: path, mode: mode)
    }
    let tls = socket == nil ? entrance.tls : nil
    var application = Application(
      responder: responder,
      server: HTTPServerBuilder { responder in
        NodeChannel(tls: tls, limits: entrance.limits, count: count) { request, writer, channel in
          try await responder(request.tellingToContinue(on: channel), writer, channel)
        }
      },
      configuration: ApplicationConfiguration(
        address: bindAddress, serverName: "trust-budget", backlog: 4_096),
      onServerRunning: { channel in
        do {
          try socket?.finish()
        } catch {
          logger.critical("socket not usable", metadata: ["problem": "\(error)"])
          channel.close(promise: nil)
          return
        }
        guard case .tcp(let host, let port) = address else { return await onListening(address) }
        await onListening(.tcp(host: host, port: channel.localAddress?.port ?? port))
      },
      logger: logger)
    if let socket { application.beforeServerStarts { try socket.prepare() } }
    self.address = address
    self.application = application
    self.socket = socket
  }

  func run() async throws {
    defer { socket?.remove() }
    do {
      try await application.run()
    } catch {
      throw UnusableAddress(address, error) ?? error
    }
  }
}
