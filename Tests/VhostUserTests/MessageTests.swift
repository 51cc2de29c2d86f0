import Testing
import Virtqueue

@testable import VhostUser

@Suite struct MessageTests {
  @Test func integersSurviveTheWire() throws {
    var writer = PayloadWriter()
    writer.append(0x0123_4567_89ab_cdef as UInt64)
    writer.append(0xfedc_ba98 as UInt32)
    writer.append(0xffff as UInt16)
    var reader = PayloadReader(writer.bytes)
    #expect(try reader.read(UInt64.self) == 0x0123_4567_89ab_cdef)
    #expect(try reader.read(UInt32.self) == 0xfedc_ba98)
    #expect(try reader.read(UInt16.self) == 0xffff)
    #expect(reader.remaining == 0)
  }

  @Test(arguments: 0..<8)
  func aShortPayloadIsRefused(_ count: Int) {
    var reader = PayloadReader([UInt8](repeating: 1, count: count))
    #expect(throws: SessionError.self) { try reader.read(UInt64.self) }
  }

  /// vhost-user, "Header": version 1 and the reply flag, nothing else; then the payload's size.
  @Test func aReplyHasTheHeaderThatQEMUCompares() {
    let bytes = Message.reply(to: 17, .number(3))
    #expect(bytes == [17, 0, 0, 0, 5, 0, 0, 0, 8, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0])
  }

  /// `struct vhost_vring_addr`: the used ring's address precedes the available ring's.
  @Test func ringAddressesComeInTheKernelsOrder() throws {
    var writer = PayloadWriter()
    for word in [7, 1] as [UInt32] { writer.append(word) }
    for address in [0x1000, 0x2000, 0x3000, 0x4000] as [UInt64] { writer.append(address) }
    var reader = PayloadReader(writer.bytes)
    let address = try VringAddress(&reader)
    #expect(address.index == 7)
    #expect(address.rings.descriptors.rawValue == 0x1000)
    #expect(address.rings.used.rawValue == 0x2000)
    #expect(address.rings.available.rawValue == 0x3000)
    #expect(address.logAddress == 0x4000)
  }

  @Test func aVringsDescriptorMayBeMissing() throws {
    var writer = PayloadWriter()
    writer.append(0x103 as UInt64)
    var reader = PayloadReader(writer.bytes)
    let word = try VringDescriptorIndex(&reader)
    #expect(word.index == 3)
    #expect(!word.hasDescriptor)
  }
}
