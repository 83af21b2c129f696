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

  /// Reads and decodes the body of a request that has nothing to say but there.
  ///
  /// - Throws: `Problem`: `payload-too-large`, `unsupported-content-coding`, or `invalid-request` that names each bad field.
  static func decode<Body: Decodable>(
    _ type: Body.Type, from request: Request, maximumBytes: Int = JSONBody.maximumBytes
  ) async throws -> Body {
    // A `dry_run` up there must not be overlooked.
    guard request.uri.query?.isEmpty ?? true else {
      throw Problem(
        invalid: [FieldProblem(field: "query", problem: "has no place here: use the body")])
    }
    let bytes = try await read(request, maximumBytes: maximumBytes)
    do {
      let fractions = try JSONOutline.check(bytes)
      let decoder = JSONDecoder()
      if let key = RequestFields.fractionsKey, !fractions.isEmpty {
        decoder.userInfo[key] = fractions
      }
      return try decoder.decode(Body.self, from: Data(bytes))
    } catch let problem as Problem {
      throw problem
    } catch let problem as FieldProblem {
      throw Problem(invalid: [problem])
    } catch let problems as FieldProblems {
      throw Problem(invalid: problems.list)
    } catch {
      throw Problem(invalid: [FieldProblem(field: "body", problem: "cannot be read")])
    }
  }

  private static func read(_ request: Request, maximumBytes: Int) async throws -> [UInt8] {
    let codings = request.headers[values: .contentEncoding]
      .flatMap { $0.filter { $0 != " " && $0 != "\t" }.split(separator: ",") }
    guard codings.allSatisfy({ $0.lowercased() == "identity" }) else {
      throw Problem(
        .unsupportedContentCoding,
        "The request's body has the Content-Encoding \(codings.joined(separator: ", ").printableName). "
          + "Send it as it is, without one.")
    }
    var bytes: [UInt8] = []
    // Who asks before it sends is told at once. Of others as much is read as may be, to name the field.
    if request.head.isBodyAwaited,
      let length = request.headers[.contentLength].flatMap({ Int($0) }), length > maximumBytes
    {
      throw tooLarge(bytes, maximumBytes: maximumBytes)
    }
    for try await part in request.body {
      bytes += part.readableBytesView
      if bytes.count > maximumBytes { throw tooLarge(bytes, maximumBytes: maximumBytes) }
    }
    guard !bytes.isEmpty else {
      throw Problem(invalid: [FieldProblem(field: "body", problem: "must be a JSON object")])
    }
    return bytes
  }

  /// - Parameter bytes: the beginning of the body, which ends in the field that is too large.
  private static func tooLarge(_ bytes: [UInt8], maximumBytes: Int) -> Problem {
    var problem = Problem(
      .payloadTooLarge, "The request's body is larger than \(maximumBytes) bytes.")
    do {
      _ = try JSONOutline.check(bytes)
    } catch {
      problem.members.put("field", error.field)
    }
    return problem
  }
}
