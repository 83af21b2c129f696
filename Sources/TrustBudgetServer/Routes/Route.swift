import HTTPTypes

/// A method, and a path with its parameters in braces: `/v1/charges/{request_id}`.
package struct Route: Hashable, Sendable {
  package let method: HTTPRequest.Method
  package let path: String
}
