import Testing

@testable import Daemon

/// A launcher's command line, and what becomes of it.
struct Launch: CustomTestStringConvertible {
  let name: String
  let arguments: [String]
  /// How the refusal begins; nil if the launcher can start us.
  let refusal: String?

  init(_ name: String, _ line: String, refused refusal: String? = nil) {
    self.name = name
    arguments = line.split(separator: " ").map(String.init)
    self.refusal = refusal
  }

  var testDescription: String { name }

  static let all = [
    Launch(
      "libvirt",
      "--fd=5 --shared-dir /srv --cache always --sandbox chroot --xattr --thread-pool-size=4 "
        + "--rlimit-nofile=4096 --log-level debug"),
    Launch("libvirt, least", "--fd=5 --shared-dir /srv"),
    Launch(
      "libvirt, session mode",
      "--fd=5 --shared-dir /srv --uid-map=:0:1000:1: --gid-map=:0:1000:1:",
      refused: "--uid-map=:0:1000:1: is not supported: there is no user namespace yet"),
    Launch(
      "libvirt, old",
      "--fd=5 -o source=/srv,,x,cache=auto,sandbox=chroot,no_xattr,no_flock,no_posix_lock -d"),
    Launch(
      "libvirt, old, with locks", "--fd=5 -o source=/srv,flock,posix_lock --syslog",
      refused: "-o flock is not supported: locks are not shared"),
    Launch(
      "kata, Go", "--syslog --cache=auto --shared-dir=/srv --fd=3 --thread-pool-size=1"),
    Launch(
      "kata, Go, defaults",
      "--syslog --cache=auto --shared-dir=/srv --fd=3 --thread-pool-size=1 --announce-submounts"),
    Launch(
      "kata, Rust",
      "--socket-path /run/s --shared-dir /srv --cache auto --thread-pool-size=1 "
        + "-o announce_submounts --xattr"),
    Launch(
      "cloud-hypervisor",
      "--log-level debug --socket-path=/tmp/s --shared-dir=/srv --cache=never "
        + "--thread-pool-size=8 --tag myfs"),
    Launch(
      "incus", "--fd=3 --cache=metadata --shared-dir=/srv --posix-acl",
      refused: "--posix-acl is not supported: POSIX access control lists"),
    Launch(
      "incus, with maps",
      "--fd=3 --cache=never --shared-dir=/srv --translate-uid=map:0:1000000:65536 "
        + "--translate-uid=forbid-guest:65536:0",
      refused: "--translate-uid=map:0:1000000:65536 is not supported: user ids"),
    Launch("incus, Windows", "--fd=3 --cache=never --shared-dir=/srv"),
    Launch(
      "LXD",
      "--fd=3 --shared-dir /srv --cache auto --allow-direct-io --thread-pool-size 16 --xattr"),
    Launch(
      "Proxmox VE",
      "--fd=4 --shared-dir=/srv --xattr --announce-submounts --allow-direct-io --cache=auto "
        + "--syslog"),
    Launch("lima", "--socket-path /run/s --shared-dir /srv"),
    Launch("podman machine", "--sandbox none --socket-path /run/s --shared-dir . --seccomp=none"),
    Launch(
      "virtme-ng",
      "--syslog --no-announce-submounts --readonly --socket-path /run/s --shared-dir /srv "
        + "--sandbox none --cache always"),
    Launch("systemd-vmspawn", "--shared-dir /srv --xattr --fd 3 --no-announce-submounts"),
    Launch(
      "systemd-vmspawn, with maps",
      "--shared-dir /srv --xattr --fd 3 --no-announce-submounts --uid-map :0:100000:65536: "
        + "--gid-map :0:100000:65536:",
      refused: "--uid-map is not supported: there is no user namespace yet"),
    Launch(
      "mkosi",
      "--shared-dir /srv --xattr --no-announce-submounts --sandbox=chroot "
        + "--inode-file-handles=prefer --log-level=error --modcaps=-mknod --fd 3"),
    Launch(
      "microvm.nix",
      "--socket-path=/run/s --socket-group=kvm --shared-dir=/srv --rlimit-nofile 1048576 "
        + "--thread-pool-size 2 --cache=auto --inode-file-handles=never --tag=ro-store --readonly"),
    Launch(
      "microvm.nix, with ACLs",
      "--socket-path=/run/s --shared-dir=/srv --thread-pool-size 2 --posix-acl --xattr",
      refused: "--posix-acl is not supported: POSIX access control lists"),
    Launch(
      "a script",
      "--shared-dir /srv --socket-path /run/s --announce-submounts --sandbox none"),
    Launch(
      "an old script",
      "--socket-path=/run/s -o source=/srv -o modcaps=+sys_admin -o cache=always -o xattr "
        + "-o sandbox=chroot"),
  ]
}

/// Whether those who start virtiofsd can start us: accepted, or refused by name with the reason.
@Suite struct LauncherTests {
  @Test(arguments: Launch.all)
  func startsOrIsToldWhyNot(_ launch: Launch) {
    let error = refusal(launch.arguments)
    guard let expected = launch.refusal else {
      #expect(error == nil)
      return
    }
    #expect(error?.exitCode == 64)
    #expect(error?.message.hasPrefix(expected) == true, "\(error?.message ?? "accepted")")
  }
}
