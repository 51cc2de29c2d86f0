# shellcheck shell=bash disable=SC2034,SC2154 # read and set by qemu/run
# Our own daemon.

program=${program:-$root/.build/release/swift-virtiofsd}
program_hint="run: make build"
guest_kinds="uml qemu host"

# Fills the array `daemon` from socket, share, tag, cache, handles (empty: the daemon's default).
daemon_command() {
  daemon=("$program" "--socket-path=$socket" "--shared-dir=$share" "--sandbox=$sandbox" --xattr)
  [[ -z $tag ]] || daemon+=("--tag=$tag")
  [[ -z $cache ]] || daemon+=("--cache=$cache")
  [[ -z $handles ]] || daemon+=("--inode-file-handles=$handles")
}
