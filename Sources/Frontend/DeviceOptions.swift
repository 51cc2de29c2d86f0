/// Whose order of messages and choice of features is followed.
///
/// They differ in what they ask an acknowledgement for, in the order of a vring's messages, and in
/// how they hand over memory; a back-end must take them all.
package enum FrontEndStyle: CaseIterable, Sendable {
  /// QEMU 7.2.
  case qemu7
  /// QEMU 10.0 and later.
  case qemu10
  /// cloud-hypervisor 54.
  case cloudHypervisor
  /// crosvm: needs CONFIG.
  case crosvm
  /// The driver virtio_uml of user-mode-linux: needs CONFIG and BACKEND_REQ.
  case userModeLinux

  /// The protocol features that the style takes where they are offered.
  var protocolFeatures: ProtocolFeatures {
    switch self {
    case .qemu7, .qemu10:
      [
        .multipleQueues, .logDescriptor, .replyAcknowledge, .backendRequests, .resetDevice,
        .memorySlots, .inflightDescriptor, .status, .deviceState,
      ]
    case .cloudHypervisor:
      [
        .multipleQueues, .memorySlots, .replyAcknowledge, .inflightDescriptor, .logDescriptor,
        .deviceState,
      ]
    case .crosvm: [.config, .multipleQueues, .backendRequests, .deviceState, .replyAcknowledge]
    case .userModeLinux: [.replyAcknowledge, .backendRequests, .config]
    }
  }

  /// The messages that the style asks an acknowledgement for.
  var acknowledged: Set<FrontEndRequest> {
    let memory: Set<FrontEndRequest> = [
      .setMemoryTable, .addMemoryRegion, .removeMemoryRegion, .setBackendRequestDescriptor,
      .setConfig,
    ]
    return switch self {
    case .qemu7: memory
    case .qemu10:
      memory.union([.setVringEnable, .setVringKick, .setVringCall, .setVringError])
    case .cloudHypervisor, .userModeLinux: Set(FrontEndRequest.allCases)
    case .crosvm: []
    }
  }
}

/// How a device is to be set up.
package struct DeviceOptions: Sendable {
  /// Whose habits to follow.
  package var style = FrontEndStyle.qemu10
  /// How many request queues there are beside the one for priority requests.
  package var requestQueueCount = 1
  /// Whether a back-end that offers fewer queues gets by with those it has.
  package var acceptsFewerQueues = false
  /// How many more are enabled, as QEMU does, though the driver never set them up.
  package var unusedQueueCount = 0
  /// How many entries each ring has; a power of two.
  package var queueSize: UInt16 = 128
  /// Where every ring's indices begin.
  package var firstIndex: UInt16 = 0
  /// What to take of the features of virtio, where they are offered.
  package var features: VirtioFeatures = [.version1, .indirectDescriptors, .eventIndex]
  /// The guest's memory; nothing for one region of 256 MiB.
  package var memory: GuestRAM?
  /// Whether `GuestDevice.start` returns only when the back-end has heard everything.
  ///
  /// A guest does not wait for that: its first request may overtake the last messages.
  package var waitsForStart = true
  /// How long each message and each request may take.
  package var timeout = Duration.seconds(10)

  /// One request queue of 128 entries, as QEMU 10 sets it up.
  package init() {}
}
