/// What is wrong with one field of a request.
struct FieldProblem: Error, Hashable {
  /// Its name in the request; `body` for the whole.
  let field: String
  /// Completes the sentence "*field* …".
  let problem: String
}

/// Everything that is wrong with the fields of a request.
struct FieldProblems: Error {
  let list: [FieldProblem]
}
