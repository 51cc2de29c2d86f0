/// `struct virtio_fs_config`: what the driver reads to know the device (virtio 1.3, 5.11.4).
package struct ConfigurationSpace: Sendable {
  /// The name by which the guest mounts the share.
  package let tag: String
  package let requestQueueCount: Int

  /// The most bytes in a tag.
  package static let tagByteCount = 36

  /// The space of a device called `tag`, of at most `tagByteCount` bytes.
  package init(tag: String, requestQueueCount: Int) {
    precondition(tag.utf8.count <= Self.tagByteCount, "a tag that is too long")
    self.tag = tag
    self.requestQueueCount = requestQueueCount
  }

  /// The space: the tag, padded with zeros, then `num_request_queues`, little-endian.
  package var bytes: [UInt8] {
    let name = Array(tag.utf8)
    let padding = [UInt8](repeating: 0, count: Self.tagByteCount - name.count)
    let count = UInt32(requestQueueCount)
    return name + padding + stride(from: 0, to: 32, by: 8).map { UInt8(count >> $0 & 0xff) }
  }
}
