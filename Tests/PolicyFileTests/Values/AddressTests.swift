import PolicyFile
import Testing
import TrustBudget

@Suite("Addresses and ranges")
struct AddressTests {
  @Test(arguments: [
    ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false),
    ("10.128.0.0/9", "10.127.255.255", false), ("10.128.0.0/9", "10.128.0.0", true),
    ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.8", false),
    ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "2001:db8::1", false),
    ("::/0", "2001:db8::1", true), ("::/0", "10.0.0.1", false),
    ("2001:db8::/33", "2001:db8:7fff::1", true), ("2001:db8::/33", "2001:db8:8000::1", false),
    ("10.0.0.0/8", "::ffff:10.1.2.3", true), ("::ffff:10.0.0.0/104", "10.1.2.3", true),
    ("::ffff:10.0.0.0/104", "11.1.2.3", false), ("::ffff:192.0.2.7", "192.0.2.7", true),
    ("::/0", "::ffff:10.1.2.3", false),
  ])
  func `a range holds the addresses that share its prefix`(
    range: String, address: String, expected: Bool
  ) throws {
    #expect(try AddressRange(range).contains(IPAddress(address)) == expected)
  }

  @Test(arguments: [
    "", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/08", "10.0.0.0/8/8", "10.0.0/8",
    "10.0.0.256", "host", "::/129", "fe80::1%eth0", "/8", "::ffff:10.0.0.0/95", "10.0.0.1 ",
    "010.0.0.1", "10.0.0.1\u{0}x", "10.0.0.0/٨",
  ])
  func `what is not a range is refused`(range: String) {
    #expect(throws: InvalidValue.self) { try AddressRange(range) }
  }

  @Test func `a range with bits beyond its prefix is refused with the range that was meant`() {
    let error = #expect(throws: InvalidValue.self) { try AddressRange("10.1.2.3/8") }
    #expect(error?.requirement.contains("\"10.0.0.0/8\"") == true)
  }

  @Test(arguments: [
    ("10.0.0.1", "10.0.0.1"), ("2001:DB8:0:0::1", "2001:db8::1"), ("::ffff:10.0.0.1", "10.0.0.1"),
  ])
  func `an address is written in its shortest form`(text: String, description: String) throws {
    #expect(try IPAddress(text).description == description)
  }
}
