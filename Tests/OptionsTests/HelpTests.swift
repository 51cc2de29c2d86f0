import ArgumentParser
import Testing

@testable import Daemon

/// What the program says of itself.
@Suite struct HelpTests {
  private let help = Options.helpMessage(columns: 80)

  @Test func readmeShowsTheHelpAsItIs() throws {
    #expect(try repositoryText("README.md").contains("```text\n\(help)```"))
  }

  @Test func helpHasTheNamesThatLaunchersLookFor() {
    for name in [
      "--readonly", "--inode-file-handles", "--no-announce-submounts", "--xattr", "--fd",
      "--socket-path", "--shared-dir", "--sandbox", "--thread-pool-size", "--print-capabilities",
    ] {
      #expect(help.contains(name))
    }
  }

  @Test func everyOptionIsExplained() throws {
    let lines = help.split(separator: "\n", omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() where line.hasPrefix("  --") && line.count < 27 {
      #expect(lines[index + 1].hasPrefix(String(repeating: " ", count: 26)), "\(line)")
    }
  }

  @Test func capabilitiesAreAskedForAlone() throws {
    for arguments in [
      ["--print-capabilities"], ["--print-capabilities", "--frobnicate"],
      ["--posix-acl", "--print-capabilities"],
    ] {
      guard case .text(let text) = try Invocation(arguments) else {
        Issue.record("\(arguments) asks for text")
        return
      }
      #expect(text == #"{"type":"fs","features":["separate-options"]}"#)
    }
  }

  @Test func refusedOptionsAreDocumented() throws {
    let text = try repositoryText("docs/options.md")
    for name in RefusedOptions.names {
      let item = String(name.map { $0 == "-" ? "_" : $0 })
      #expect(text.contains("`--\(name)`") || text.contains("`\(item)`"), "\(name)")
    }
  }
}
