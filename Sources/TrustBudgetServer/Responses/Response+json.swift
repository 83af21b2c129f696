import HTTPTypes
import Hummingbird
import TrustBudget

extension Response {
  /// A response whose body is one JSON object.
  init(
    json: JSONObjectText, status: HTTPResponse.Status = .ok,
    contentType: String = "application/json"
  ) {
    self.init(
      status: status, headers: [.contentType: contentType],
      body: ResponseBody(byteBuffer: ByteBuffer(string: json.text)))
  }
}
