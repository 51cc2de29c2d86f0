import Testing

@testable import VhostUser

@Suite struct RequestTests {
  /// A request of the specification's table: number, payload, descriptors.
  struct Shape: Sendable {
    let request: Request
    let number: UInt32
    let byteCount: Int
    let descriptorCount: Int
  }

  private static let table = [
    Shape(request: .getFeatures, number: 1, byteCount: 0, descriptorCount: 0),
    Shape(request: .setFeatures, number: 2, byteCount: 8, descriptorCount: 0),
    Shape(request: .setOwner, number: 3, byteCount: 0, descriptorCount: 0),
    Shape(request: .resetOwner, number: 4, byteCount: 0, descriptorCount: 0),
    Shape(request: .setMemoryTable, number: 5, byteCount: 8 + 32 * 2, descriptorCount: 2),
    Shape(request: .setVringNumber, number: 8, byteCount: 8, descriptorCount: 0),
    Shape(request: .setVringAddress, number: 9, byteCount: 40, descriptorCount: 0),
    Shape(request: .setVringBase, number: 10, byteCount: 8, descriptorCount: 0),
    Shape(request: .getVringBase, number: 11, byteCount: 8, descriptorCount: 0),
    Shape(request: .setVringKick, number: 12, byteCount: 8, descriptorCount: 1),
    Shape(request: .setVringCall, number: 13, byteCount: 8, descriptorCount: 1),
    Shape(request: .setVringError, number: 14, byteCount: 8, descriptorCount: 1),
    Shape(request: .getProtocolFeatures, number: 15, byteCount: 0, descriptorCount: 0),
    Shape(request: .setProtocolFeatures, number: 16, byteCount: 8, descriptorCount: 0),
    Shape(request: .getQueueNumber, number: 17, byteCount: 0, descriptorCount: 0),
    Shape(request: .setVringEnable, number: 18, byteCount: 8, descriptorCount: 0),
    Shape(request: .setBackendRequestDescriptor, number: 21, byteCount: 0, descriptorCount: 1),
    Shape(request: .getConfiguration, number: 24, byteCount: 12 + 60, descriptorCount: 0),
    Shape(request: .setConfiguration, number: 25, byteCount: 12 + 60, descriptorCount: 0),
    Shape(request: .resetDevice, number: 34, byteCount: 0, descriptorCount: 0),
    Shape(request: .getMaximumMemorySlots, number: 36, byteCount: 0, descriptorCount: 0),
    Shape(request: .addMemoryRegion, number: 37, byteCount: 40, descriptorCount: 1),
    Shape(request: .removeMemoryRegion, number: 38, byteCount: 40, descriptorCount: 0),
  ]

  @Test func everyRequestHasItsNumberAndShape() {
    #expect(Set(Self.table.map(\.request)) == Set(Request.allCases))
    for shape in Self.table {
      let contract = shape.request.contract
      #expect(shape.request.rawValue == shape.number)
      #expect(contract.byteCount.contains(shape.byteCount), "\(shape.request)")
      #expect(contract.descriptorCount.contains(shape.descriptorCount), "\(shape.request)")
      let most = contract.byteCount.upperBound
      #expect(most <= Message.mostPayloadBytes, "\(shape.request)")
    }
  }
}
