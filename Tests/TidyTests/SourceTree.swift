import Glibc

/// The sources of the repository that this test was built from.
enum SourceTree {
  /// Every Swift and C source under Sources and Tests.
  static let files: [SourceFile] = ["Sources", "Tests"].flatMap { find($0) }.sorted().map { path in
    SourceFile(path: path, text: read("\(root)/\(path)"))
  }

  /// The directory that holds Package.swift.
  private static let root = String(
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
      .joined(separator: "/"))

  /// The paths under `directory`, relative to the root.
  private static func find(_ directory: String) -> [String] {
    // SAFETY: the stream is closed at the end, and each entry copied before the next is read.
    guard let stream = unsafe opendir("\(root)/\(directory)") else { return [] }
    defer { unsafe closedir(stream) }
    var paths: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      let path = "\(directory)/\(name)"
      if unsafe entry.pointee.d_type == UInt8(DT_DIR) {
        if !name.hasPrefix(".") { paths += find(path) }
      } else if name.hasSuffix(".swift") || name.hasSuffix(".h") {
        paths.append(path)
      }
    }
    return paths
  }

  private static func read(_ path: String) -> String {
    // SAFETY: the stream is closed at the end, and fread stays within the block.
    guard let stream = unsafe fopen(path, "r") else { return "" }
    defer { unsafe fclose(stream) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = unsafe fread(&block, 1, block.count, stream)
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes += block[..<count]
    }
  }
}
