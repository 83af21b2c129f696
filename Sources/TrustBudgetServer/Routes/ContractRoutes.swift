import HTTPTypes
import Hummingbird
import NIOCore

/// `GET /openapi.yaml`: the contract, as this program was built with it.
struct ContractRoutes {
  func add(to router: RouterGroup<NodeContext>) {
    let contract = ByteBuffer(string: embeddedContractFiles.first?.text ?? "")
    router.get("openapi.yaml") { _, _ in
      Response(
        status: .ok, headers: [.contentType: "application/yaml"],
        body: ResponseBody(byteBuffer: contract))
    }
  }
}
