import Linux
import TestSupport
import Testing

@Suite struct CapabilitiesTests {
  @Test(.enabled(if: isRoot, "only root has capabilities"))
  func limitCutsAllSetsOfTheThreadAlone() throws {
    let before = try Capabilities.current()
    let wanted = CapabilitySet.fileServer.union(.dacReadSearch)
    let (kept, inside) = try onThread {
      (try Capabilities.limit(to: wanted), try Capabilities.current())
    }
    #expect(kept == wanted)
    #expect(inside.effective == wanted)
    #expect(inside.permitted == wanted)
    #expect(inside.bounding.isEmpty)
    #expect(try Capabilities.current() == before)
  }

  @Test(.enabled(if: isRoot, "only root has capabilities"))
  func limitGivesNothingThatWasNotThere() throws {
    let inside = try onThread {
      try Capabilities.limit(to: [.chown, .setUser])
      // Without CAP_SETPCAP now: the bounding set stays as it is.
      try Capabilities.limit(to: [.chown, .makeNode])
      return try Capabilities.current()
    }
    #expect(inside.effective == .chown)
    #expect(inside.permitted == .chown)
  }

  @Test(.enabled(if: isRoot, "only root has capabilities"))
  func systemCallsAndLibcapNGAgree() throws {
    try onThread {
      try Capabilities.limit(to: .fileServer)
      let raw = try ThreadCapabilities.current()
      let library = try Capabilities.current()
      #expect(raw.effective == library.effective)
      #expect(raw.permitted == library.permitted)
    }
  }

  @Test func namesAreThoseOfLibcapNG() {
    #expect(
      CapabilitySet.fileServer.names == [
        "chown", "dac_override", "fowner", "fsetid", "setgid", "setuid", "mknod", "setfcap",
      ])
    #expect(CapabilitySet.dacReadSearch.names == ["dac_read_search"])
    #expect(CapabilitySet.setProcessCapabilities.names == ["setpcap"])
    #expect(CapabilitySet(named: "sys_admin")?.names == ["sys_admin"])
    #expect(CapabilitySet(named: "") == nil)
    #expect(CapabilitySet(named: "no_such") == nil)
  }

  @Test func modcapsAddsAndRemoves() throws {
    let changes = try CapabilityChanges(parsing: "+sys_admin:-mknod:-chown:+chown")
    let changed = changes.applied(to: .fileServer)
    #expect(changed.names.contains("sys_admin"))
    #expect(!changed.contains(.makeNode))
    #expect(changed.contains(.chown))
    #expect(CapabilityChanges().applied(to: .fileServer) == .fileServer)
  }

  @Test(arguments: [
    ("+sys_admin:-flying", CapabilityListError.unknown("flying")),
    ("sys_admin", .noSign("sys_admin")),
    ("", .noSign("")),
    ("+chown:", .noSign("")),
    ("+", .unknown("")),
    ("+cap_chown", .unknown("cap_chown")),
  ])
  func modcapsRefusesWhatItDoesNotKnowByName(list: String, error: CapabilityListError) {
    #expect(throws: error) { try CapabilityChanges(parsing: list) }
  }
}
