// swift-tools-version: 6.3
import PackageDescription

/// The settings of every target: strict memory safety, no warning that is not an error.
let settings: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableExperimentalFeature("Lifetimes"),
  // Glibc's own module is compiled as CLinux is: two definitions of one structure do not build.
  .unsafeFlags(["-Xcc", "-D_GNU_SOURCE"]),
  // Debug builds and their tests check at run time that nothing is changed while it is used; a
  // tenth of a queue thread's time went into that.
  .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
  // What is `package` is inlined into other modules and specialised for them, as what is public is
  // without this: no generic code on the data path, half the instructions of a request.
  .unsafeFlags(["-Xllvm", "-sil-cross-module-serialize-all"], .when(configuration: .release)),
]

/// A module of ours: `Sources/NAME`.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// A command: `Sources/NAME`.
func command(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// Tests: `Tests/NAME`.
func tests(
  _ name: String, _ dependencies: [Target.Dependency], without excluded: [String] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, exclude: excluded, swiftSettings: settings)
}

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
  name: "swift-virtiofsd",
  products: [
    .executable(name: "swift-virtiofsd", targets: ["swift-virtiofsd"]),
    .executable(name: "virtiofsctl", targets: ["virtiofsctl"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
  ],
  targets: [
    // C libraries and headers.
    .systemLibrary(name: "CLinux"),
    .systemLibrary(name: "CUring", providers: [.apt(["liburing-dev"])]),
    .systemLibrary(name: "CCapNG", providers: [.apt(["libcap-ng-dev"])]),
    // Optimised in debug builds too: the header is fast only so.
    .target(name: "CXXHash", cSettings: [.unsafeFlags(["-O2"])]),

    // The layers; each may use only what stands above it here.
    module("Linux", ["CLinux", "CUring", "CCapNG"]),
    module("FuseProtocol"),
    module("Trace", ["CXXHash", "Linux"]),
    module("FuseServer", ["FuseProtocol", "Linux"]),
    module("Virtqueue", ["Linux"]),
    module("VhostUser", ["Linux", "Virtqueue"]),
    module("VirtioFS", ["FuseProtocol", "FuseServer", "Linux", "Trace", "Virtqueue"]),
    module("Passthrough", ["FuseProtocol", "FuseServer", "Linux"]),
    module(
      "Daemon",
      [
        "FuseServer", "Linux", "Passthrough", "Trace", "VhostUser", "Virtqueue", "VirtioFS",
        argumentParser, logging,
      ]),
    command("swift-virtiofsd", ["Daemon"]),

    // The other side of the socket, for the tests and for virtiofsctl.
    module("Frontend", ["FuseProtocol", "Linux"]),
    module(
      "Virtiofsctl",
      ["Frontend", "FuseProtocol", "Linux", "Trace", "Virtqueue", argumentParser]),
    command("virtiofsctl", ["Virtiofsctl"]),

    // Tests, one target a module, and those that hold the whole together.
    .systemLibrary(name: "KernelHeaders", path: "Tests/KernelHeaders"),
    .target(
      name: "TestSupport", dependencies: ["Linux"], path: "Tests/TestSupport",
      swiftSettings: settings),
    .executableTarget(
      name: "file-storm", dependencies: ["TestSupport"], path: "Tests/FileStorm",
      swiftSettings: settings),
    .executableTarget(
      name: "node-storm", dependencies: ["FuseProtocol", "Linux", "Passthrough", "TestSupport"],
      path: "Tests/NodeStorm", swiftSettings: settings),
    tests("LinuxTests", ["Linux", "TestSupport", "KernelHeaders"]),
    tests("FuseProtocolTests", ["FuseProtocol", "KernelHeaders"]),
    tests("FuseServerTests", ["FuseServer", "FuseProtocol", "Linux"]),
    tests("VirtqueueTests", ["Virtqueue", "Frontend", "Linux", "TestSupport"]),
    tests("VhostUserTests", ["VhostUser", "Virtqueue", "Linux", "TestSupport"]),
    tests(
      "PassthroughTests", ["Passthrough", "FuseServer", "FuseProtocol", "Linux", "TestSupport"]),
    tests(
      "DaemonTests", ["Daemon", "Frontend", "FuseProtocol", "Linux", "TestSupport", "Trace"]),
    tests(
      "OptionsTests",
      [
        "Daemon", "Passthrough", "Linux", "TestSupport", "swift-virtiofsd", "virtiofsctl",
        argumentParser,
      ]),
    tests("TraceTests", ["Trace", "Linux", "TestSupport"]),
    tests(
      "VirtiofsctlTests",
      [
        "Virtiofsctl", "Frontend", "FuseProtocol", "Linux", "TestSupport", "Trace", "VhostUser",
        "Virtqueue",
        "file-storm", "swift-virtiofsd", "virtiofsctl",
      ]),
    tests(
      "NodeIdentityTests",
      ["Frontend", "FuseProtocol", "Linux", "TestSupport", "swift-virtiofsd"],
      without: ["failing-handles.c"]),
    tests("TidyTests", ["Linux"]),
  ],
  swiftLanguageModes: [.v6]
)
