import Testing

/// Who may import whom.
let importRules = [importRule]

/// For each module under Sources what its files may import (ARCHITECTURE.md, section 2).
private let allowedImports: [String: Set<Substring>] = [
  "Linux": ["CLinux", "CUring", "CCapNG", "Synchronization"],
  "FuseProtocol": [],
  "FuseServer": ["FuseProtocol", "Linux", "Synchronization"],
  "Virtqueue": ["Linux", "Synchronization"],
  "VhostUser": ["Linux", "Virtqueue", "Synchronization"],
  "Trace": ["CXXHash", "Linux", "Synchronization"],
  "VirtioFS": ["FuseProtocol", "FuseServer", "Linux", "Trace", "Virtqueue", "Synchronization"],
  "Passthrough": ["FuseProtocol", "FuseServer", "Linux", "Synchronization"],
  "Daemon": [
    "FuseProtocol", "FuseServer", "Linux", "Passthrough", "Trace", "VhostUser", "VirtioFS",
    "Virtqueue", "Synchronization", "ArgumentParser", "Logging",
  ],
  "swift-virtiofsd": ["Daemon", "Linux"],
  "Frontend": ["FuseProtocol", "Linux", "Synchronization"],
  "Virtiofsctl": [
    "Frontend", "FuseProtocol", "Linux", "Trace", "Virtqueue", "Synchronization", "ArgumentParser",
  ],
  "virtiofsctl": ["Virtiofsctl", "Linux"],
]

private let importRule = Rule.lines("imports go down") { file, index in
  guard let name = importedModule(file.code[index]) else { return nil }
  guard name != "Foundation", !name.hasPrefix("Foundation") else { return "Foundation" }
  guard file.isProduct, let module = file.module else { return nil }
  guard let allowed = allowedImports[module] else { return "\(module) is not in the table" }
  return allowed.contains(name) ? nil : "\(module) imports \(name)"
}

/// The module that a line of code imports.
private func importedModule(_ code: String) -> Substring? {
  let parts = words(code)
  guard let place = parts.firstIndex(of: "import"), place + 1 < parts.count else { return nil }
  let modifiers: Set<Substring> = [
    "package", "internal", "public", "private", "fileprivate", "preconcurrency", "testable",
    "_exported", "_implementationOnly", "_spi",
  ]
  guard parts[..<place].allSatisfy(modifiers.contains) else { return nil }
  let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let"]
  let name = parts[place + 1]
  return kinds.contains(name) && place + 2 < parts.count ? parts[place + 2] : name
}

@Suite struct ImportRulesTests {
  @Test(arguments: [
    ("import Linux", "Sources/FuseProtocol/A.swift"),
    ("package import Passthrough", "Sources/VirtioFS/A.swift"),
    ("import struct VhostUser.Session", "Sources/VirtioFS/A.swift"),
    ("@preconcurrency internal import Frontend", "Sources/Daemon/A.swift"),
    ("import Foundation", "Sources/Daemon/A.swift"),
    ("import FoundationEssentials", "Tests/LinuxTests/A.swift"),
    ("import Linux", "Sources/Unheard/A.swift"),
    ("import Glibc", "Sources/Linux/A.swift"),
  ])
  func refuses(code: String, path: String) {
    #expect(importRule.count("\(code)\n", at: path) == 1)
  }

  @Test(arguments: [
    ("package import Linux", "Sources/Virtqueue/A.swift"),
    ("import Testing", "Tests/LinuxTests/A.swift"),
    ("// import Foundation", "Sources/Linux/A.swift"),
    ("let word = a.import", "Sources/Linux/A.swift"),
  ])
  func allows(code: String, path: String) {
    #expect(importRule.count("\(code)\n", at: path) == 0)
  }
}
