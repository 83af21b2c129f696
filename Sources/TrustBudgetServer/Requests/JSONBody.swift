import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import TrustBudget

/// A request's JSON body, read within bounds.
enum JSONBody {
  /// The largest body of a single request, in bytes.
  static let maximumBytes = 64 * 1_024
  /// The largest body of a batch, in bytes.
  static let maximumBatchBytes = 4 * 1_024 * 1_024

  /// Reads and decodes the body.
  ///
  /// - Throws: `Problem`: `payload-too-large`, or `invalid-request` that names each bad field.
  static func decode<Body: Decodable>(
    _ type: Body.Type, from request: Request, maximumBytes: Int = JSONBody.maximumBytes
  ) async throws -> Body {
    var buffer = ByteBuffer()
    for try await part in request.body {
      buffer.writeImmutableBuffer(part)
      if buffer.readableBytes > maximumBytes {
        throw tooLarge(buffer.readableBytesView, maximumBytes: maximumBytes)
      }
    }
    let bytes = buffer.readableBytesView
    guard !bytes.isEmpty else {
      throw Problem(invalid: [FieldProblem(field: "body", problem: "must be a JSON object")])
    }
    do {
      return try JSONDecoder().decode(Body.self, from: Data(bytes))
    } catch let problem as Problem {
      throw problem
    } catch {
      let field = JSONOutline.openMember(in: bytes) ?? "body"
      throw Problem(invalid: [FieldProblem(field: field, problem: "is not valid JSON")])
    }
  }

  private static func tooLarge(_ bytes: ByteBufferView, maximumBytes: Int) -> Problem {
    var problem = Problem(
      .payloadTooLarge, "The request's body is larger than \(maximumBytes) bytes.")
    if let field = JSONOutline.openMember(in: bytes) { problem.members.put("field", field) }
    return problem
  }
}

/// As much of JSON's structure as it takes to say where a broken document breaks.
enum JSONOutline {
  /// The top-level member in which `bytes` stop being JSON, or stop.
  ///
  /// A parser says "unexpected character at 1,203"; a person wants the field's name.
  static func openMember(in bytes: some Collection<UInt8>) -> String? {
    var depth = 0
    var isInString = false
    var isEscaped = false
    var text: [UInt8] = []
    var member: String?
    for byte in bytes {
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
          continue
        } else if byte < 0x20 {
          return member
        }
        if text.count < 64 { text.append(byte) }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""):
        isInString = true
        text.removeAll(keepingCapacity: true)
      case UInt8(ascii: ":") where depth == 1:
        member = String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        if depth > 500 { return member }
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
      case UInt8(ascii: "N"), UInt8(ascii: "I"), UInt8(ascii: "'"):
        return member
      default:
        break
      }
    }
    return member
  }
}
