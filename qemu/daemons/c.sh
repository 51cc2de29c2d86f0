# shellcheck shell=bash disable=SC2034,SC2154 # read and set by qemu/run
# QEMU's C virtiofsd (Debian: qemu-system-common). No tag of its own, so no user-mode-linux; one request queue.

program=${program:-/usr/lib/qemu/virtiofsd}
program_hint="install qemu-system-common"
guest_kinds="qemu host"

# Fills the array `daemon`. Commas in a source are doubled, as its option parser wants it.
daemon_command() {
  daemon=("$program" "--socket-path=$socket" -f -o "source=${share//,/,,}" -o sandbox=chroot -o xattr -o announce_submounts)
  case $cache in
    never) daemon+=(-o cache=none) ;;
    ?*) daemon+=(-o "cache=$cache") ;;
  esac
}
