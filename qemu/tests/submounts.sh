# shellcheck shell=bash
# A file system that is mounted inside the share on the host is a mount of its own in the guest: another device, its own
# size and inode numbers, and what stays on one file system stays out of it.

host_prepare() {
  mkdir inner outer
  echo below >inner/below
  mount -t tmpfs -o size=3m tmpfs inner
  echo inner >inner/file
  mkdir inner/directory
  echo outer >outer/file
}

guest() {
  same inner "$(cat inner/file)" "a file of the inner file system"
  [[ ! -e inner/below ]] || fail "what the mount hides is seen"
  [[ $(stat -c %d inner/file) != "$(stat -c %d outer/file)" ]] || fail "both are one device"
  same "$(stat -c %d inner)" "$(stat -c %d inner/directory)" "the devices within the inner one"
  same "$(stat -c %d .)" "$(stat -c %d outer)" "the devices within the outer one"
  same 3072 "$(df --output=size -k inner | tail -n 1 | tr -d ' ')" "the inner one's size in KiB"
  same "" "$(find . -xdev -name directory)" "what find -xdev sees of the inner one"
  same ./inner/directory "$(find . -name directory)" "what find sees"
  grep -q "$PWD/inner" /proc/self/mounts || fail "the inner one is not among the mounts"
  echo written >inner/written
  sync -f inner/written
  refused 'cross-device' ln inner/written outer/written
  mv inner/written outer/moved
  echo again >inner/again
  dd if=/dev/zero of=inner/filler bs=64k count=100 2>/tmp/dd && fail "a full file system took more"
  grep -q 'No space left' /tmp/dd || fail "a full file system is told as: $(cat /tmp/dd)"
  rm inner/filler
}

host_verify() {
  same "again written" "$(cat inner/again) $(cat outer/moved)" "what the guest wrote"
}

host_clean_up() {
  umount -l inner
}
