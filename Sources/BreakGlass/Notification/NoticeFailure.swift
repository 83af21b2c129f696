/// Why a notice was not delivered.
struct NoticeFailure: Error, CustomStringConvertible {
  let description: String
}
