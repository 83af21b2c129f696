import HTTPTypes
import Hummingbird
import TrustBudget

/// A refusal or a failure, as RFC 9457 writes it: `application/problem+json`.
struct Problem: Error {
  let kind: Kind
  /// What happened and what to do, for the person who reads it.
  let detail: String
  /// Members beside the five of the standard.
  var members = JSONObjectText()
  /// Seconds after which asking again makes sense.
  var retryAfter: Int64?
  /// What the path takes, where the method was wrong.
  var allowedMethods: [String] = []

  init(_ kind: Kind, _ detail: String, retryAfter: Int64? = nil) {
    self.kind = kind
    self.detail = detail
    self.retryAfter = retryAfter
  }

  /// The kinds of problem; their names are part of the contract.
  enum Kind: String, CaseIterable {
    case budgetExhausted = "budget-exhausted"
    case noMatchingRule = "no-matching-rule"
    case policyLimit = "policy-limit"
    case missingIdentity = "missing-identity"
    case invalidRequest = "invalid-request"
    case unauthenticated
    case forbidden
    case notFound = "not-found"
    case methodNotAllowed = "method-not-allowed"
    case requestMismatch = "request-mismatch"
    case alreadySettled = "already-settled"
    case alreadyRefunded = "already-refunded"
    case requestTimeout = "request-timeout"
    case headerTooLarge = "header-too-large"
    case payloadTooLarge = "payload-too-large"
    case unsupportedContentCoding = "unsupported-content-coding"
    case unsupportedTransferCoding = "unsupported-transfer-coding"
    case breakGlassDisabled = "break-glass-disabled"
    case breakGlassForbidden = "break-glass-forbidden"
    case breakGlassUnapproved = "break-glass-unapproved"
    case breakGlassUnrecorded = "break-glass-unrecorded"
    case ledgerUnavailable = "ledger-unavailable"
    case overloaded
    case outcomeUnknown = "outcome-unknown"
    case internalError = "internal-error"

    var status: HTTPResponse.Status {
      switch self {
      case .budgetExhausted, .noMatchingRule, .policyLimit, .missingIdentity, .forbidden,
        .breakGlassDisabled, .breakGlassForbidden, .breakGlassUnapproved:
        .forbidden
      case .invalidRequest: .badRequest
      case .unauthenticated: .unauthorized
      case .notFound: .notFound
      case .methodNotAllowed: .methodNotAllowed
      case .requestMismatch: .unprocessableContent
      case .alreadySettled, .alreadyRefunded: .conflict
      case .requestTimeout: .requestTimeout
      case .headerTooLarge: .requestHeaderFieldsTooLarge
      case .payloadTooLarge: .contentTooLarge
      case .unsupportedContentCoding: .unsupportedMediaType
      case .unsupportedTransferCoding: .notImplemented
      case .ledgerUnavailable, .overloaded, .outcomeUnknown, .breakGlassUnrecorded:
        .serviceUnavailable
      case .internalError: .internalServerError
      }
    }

    /// The kind in words: `Budget exhausted`.
    var title: String {
      let words = rawValue.split(separator: "-").joined(separator: " ")
      return words.prefix(1).uppercased() + words.dropFirst()
    }
  }
}

extension Problem: HTTPResponseError {
  var status: HTTPResponse.Status { kind.status }

  /// The problem as a JSON object.
  var body: JSONObjectText {
    var body = JSONObjectText()
    body.put("type", "urn:trust-budget:\(kind.rawValue)")
    body.put("title", kind.title)
    body.put("status", Int64(kind.status.code))
    body.put("detail", detail)
    body.put(membersOf: members)
    return body
  }

  func response(from request: Request, context: some RequestContext) throws -> Response {
    var response = Response(
      json: body, status: kind.status, contentType: "application/problem+json")
    if let retryAfter { response.headers[.retryAfter] = String(retryAfter) }
    if kind == .unsupportedContentCoding { response.headers[.acceptEncoding] = "identity" }
    if kind == .unauthenticated { response.headers[.wwwAuthenticate] = "Bearer" }
    if !allowedMethods.isEmpty {
      response.headers[.allow] = allowedMethods.joined(separator: ", ")
    }
    // The router does this for the routes that it knows.
    return request.method == .head ? response.createHeadResponse() : response
  }
}
