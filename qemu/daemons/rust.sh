# shellcheck shell=bash disable=SC2034,SC2154 # read and set by qemu/run
# The Rust virtiofsd of Debian 13, with that release's libraries: Debian 12's libc is too old for it.

peer=$guests/peers/rust
program=${program:-$peer/usr/libexec/virtiofsd}
program_hint="run: qemu/lib/rust-virtiofsd"
# virtio_uml pads SET_MEM_TABLE to two regions, and this daemon takes that for an invalid message.
guest_kinds="qemu host"

daemon_command() {
  local libraries=$peer/usr/lib/x86_64-linux-gnu
  daemon=("$libraries/ld-linux-x86-64.so.2" --library-path "$libraries" "$program")
  daemon+=("--socket-path=$socket" "--shared-dir=$share" "--sandbox=$sandbox" --xattr)
  [[ -z $tag ]] || daemon+=("--tag=$tag")
  [[ -z $cache ]] || daemon+=("--cache=$cache")
  [[ -z $handles ]] || daemon+=("--inode-file-handles=$handles")
}
