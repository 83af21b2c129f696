import HTTPTypes
import Hummingbird
import NIOCore
import PrometheusExposition

/// `GET /metrics`: what the node counts, in Prometheus' text format.
struct MetricsRoutes {
  let registry: PrometheusRegistry

  func add(to router: RouterGroup<NodeContext>) {
    router.get("metrics") { _, _ in
      Response(
        status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: registry.exposition())))
    }
  }
}
