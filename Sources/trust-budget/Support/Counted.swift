/// A number and its noun: `1 entry`, `2 entries`.
func counted(_ count: some BinaryInteger, _ noun: String, _ nouns: String? = nil) -> String {
  "\(count) \(count == 1 ? noun : nouns ?? noun + "s")"
}
