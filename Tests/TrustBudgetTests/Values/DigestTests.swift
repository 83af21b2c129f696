import Testing

@testable import TrustBudget

@Suite("Digests")
struct DigestTests {
  @Test func `a digest is SHA-256, and reads as lower-case hexadecimal`() {
    #expect(
      Digest(hashing: Array("abc".utf8)).hexadecimal
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  @Test(arguments: [0, 1, 31, 33, 64])
  func `a digest cut short or drawn out is none`(count: Int) {
    #expect(Digest(bytes: [UInt8](repeating: 7, count: count)) == nil)
  }

  @Test func `thirty-two bytes are kept as they are`() {
    let bytes = [UInt8](0..<32)
    #expect(Digest(bytes: bytes)?.bytes == bytes)
    #expect(Digest.zero.hexadecimal == String(repeating: "0", count: 64))
  }

  @Test(
    arguments: [
      (["ab", "c"], ["a", "bc"]), (["a", nil], ["a", ""]), (["a"], ["a", nil]), ([], [nil]),
      (["Jos\u{E9}"], ["Jose\u{301}"]),
    ] as [([String?], [String?])])
  func `two lists of fields that spell the same letters are different requests`(
    one: [String?], other: [String?]
  ) {
    #expect(RequestContent(one) != RequestContent(other))
    #expect(RequestContent(one) == RequestContent(one))
    #expect(RequestContent(one).fingerprint.count == 32)
  }

  @Test(
    arguments: [
      ((["a", "b"], ["c"]), (["b", "a"], ["c"]), true),
      ((["a"], ["b", "c"]), (["a", "a"], ["c", "b", "c"]), true),
      (([], []), (["a"], []), false), ((["a"], ["b"]), (["b"], ["a"]), false),
      ((["a"], ["b"]), (["a", "b"], []), false), ((["a", "b"], []), (["ab"], []), false),
    ] as [(([String], [String]), ([String], [String]), Bool)])
  func `sets are the same in whatever order they are written, and with whatever repetition`(
    one: ([String], [String]), other: ([String], [String]), areSame: Bool
  ) {
    let (one, other) = (RequestContent(["x"], sets: one), RequestContent(["x"], sets: other))
    #expect((one == other) == areSame)
  }
}
