import Foundation
import NIOHTTP1
import Testing
import TrustBudgetTesting

/// Two nodes behind HAProxy, restarted one after the other under full load.
@Suite(.enabled(if: Tool.isThere("haproxy"), "haproxy is in Debian's package haproxy"))
struct RollingRestartTests {
  @Test func `a rolling restart loses no request and charges none twice`() async throws {
    try await Service.with(nodes: 0) { service in
      let ports = try await freePorts(3)
      let balancer = try service.directory.write(
        configuration(frontend: ports[0], nodes: Array(ports[1...])), to: "haproxy.cfg")
      var nodes = [
        try await start(service, 1, ports[1]), try await start(service, 2, ports[2]),
      ]
      let haproxy = try RunningProgram(
        executable: "/usr/bin/env", arguments: ["haproxy", "-db", "-f", balancer],
        environment: ProcessInfo.processInfo.environment)
      do {
        let front = Front(url: "http://127.0.0.1:\(ports[0])")
        try await wait(for: "haproxy to reach both nodes, which says: \(haproxy.errors)") {
          (try? await front.get("/healthz").status) == 200
        }
        let load = Load(points: 1_000_000)
        async let running = load.run(clients: 32, on: [front])
        for index in nodes.indices {
          let before = load.answered
          try await wait(for: "the load to go on") { load.answered > before + 200 }
          nodes[index].program.signal(SIGTERM)
          let end = try await nodes[index].program.end()
          #expect(end.status == 0, "\(end.errors)")
          await nodes[index].program.kill()
          nodes[index] = try await start(service, index + 1, ports[index + 1])
          let back = load.answered
          try await wait(for: "the load to go on") { load.answered > back + 200 }
        }
        load.stop()
        let attempts = try await running
        let lost = attempts.filter { $0.reply?.status != 200 }
        #expect(lost.isEmpty, "\(lost.prefix(3))")
        try await load.expectExactness(of: attempts, repeatedOn: nodes[0], service.database)
        #expect(try await service.entries()["charge"] == attempts.count)
      } catch {
        for node in nodes { await node.program.kill() }
        await haproxy.kill()
        throw error
      }
      for node in nodes { await node.program.kill() }
      await haproxy.kill()
    }
  }

  private struct Front: Reachable {
    let url: String
  }

  private func start(_ service: Service, _ number: Int, _ port: Int) async throws -> RunningNode {
    try await RunningNode.start(
      "node-\(number)", on: service.database.connectionString,
      policy: service.directory.file(Service.policyFile),
      ["--listen", "127.0.0.1:\(port)", "--drain-delay", "2"])
  }

  /// What deploy/haproxy has, at other addresses and with quicker checks.
  private func configuration(frontend: Int, nodes: [Int]) -> String {
    """
    global
        maxconn 1000
    defaults
        mode http
        timeout connect 5s
        timeout client 60s
        timeout server 60s
        retries 2
        option redispatch 1
        retry-on conn-failure
    frontend trust_budget
        bind 127.0.0.1:\(frontend)
        default_backend nodes
    backend nodes
        balance leastconn
        option httpchk GET /healthz
        default-server check inter 200ms fall 2 rise 1
    \(nodes.map { "    server node-\($0) 127.0.0.1:\($0)" }.joined(separator: "\n"))

    """
  }

  /// Ports that nobody listens on at this moment.
  private func freePorts(_ count: Int) async throws -> [Int] {
    let text = try await tool(
      "python3", "-c",
      """
      import socket
      sockets = [socket.socket() for _ in range(\(count))]
      for s in sockets: s.bind(("127.0.0.1", 0))
      print(*(s.getsockname()[1] for s in sockets))
      """)
    return text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
  }
}
