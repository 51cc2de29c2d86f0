import Testing

@testable import Virtiofsctl

@Suite struct OutputTests {
  @Test(arguments: [
    (0, "0 ns"), (999, "999 ns"), (1000, "1.00 us"), (12_345, "12.3 us"), (999_900, "1000 us"),
    (2.5e9, "2.50 s"), (1.2e12, "1200 s"),
  ])
  func times(nanoseconds: Double, text: String) {
    #expect(Quantities.time(nanoseconds) == text)
  }

  @Test func numbers() {
    #expect(Quantities.bytes(1_572_864) == "1.50 MiB")
    #expect(Quantities.count(-1_234_567) == "-1,234,567")
    #expect(Quantities.count(999) == "999")
    #expect(Quantities.fixed(0.049, 1) == "0.0")
    #expect(Quantities.fixed(-0.05, 2) == "-0.05")
    #expect(Quantities.fixed(2.999, 2) == "3.00")
  }

  @Test func jsonIsQuoted() {
    let value = JSON.object([
      ("a\"b\\", .array([.integer(-1), .number(0.5), .number(.nan), .bool(true), .null])),
      ("line\nend\u{1}", .string("\u{e4}")),
    ])
    #expect(
      value.text
        == "{\"a\\\"b\\\\\": [-1, 0.5, null, true, null], \"line\\nend\\u0001\": \"\u{e4}\"}")
  }

  @Test func tablesAreAligned() {
    var table = TextTable([("name", .left), ("count", .right)])
    table.append(["a", "1"])
    table.append(["longer"])
    #expect(table.text == "name    count\na           1\nlonger\n")
  }

  @Test func picturesEscapeTexts() {
    var picture = Picture(width: 10, height: 10)
    picture.text("a<b & \"c\"", x: 1, y: 2)
    #expect(picture.svg.contains(">a&lt;b &amp; &quot;c&quot;</text>"))
  }
}
