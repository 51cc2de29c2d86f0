# shellcheck shell=bash
# A real tree is copied into the share and within it; names, types, modes, owners, times, links, contents and extended
# attributes are the same in the copy, after the caches are dropped, and on the host.
# seconds: 180

guest() {
  need getfattr setfattr sha256sum
  local source candidate
  for candidate in $(pick /usr/include/linux "/usr/include /usr/share/perl" /usr/share) \
    /usr/lib/x86_64-linux-gnu/perl-base; do
    if [[ -d $candidate ]]; then
      source=$candidate
      break
    fi
  done
  # Emulation is slow; and what this machine's kernel can do, a smaller tree shows as well.
  [[ $GUEST_KIND != qemu && ($GUEST_KIND != host || $GUEST_LENGTH == long) ]] ||
    source=/usr/lib/x86_64-linux-gnu/perl-base

  cp -a "$source" one
  describe "$source" >/tmp/source
  describe one >/tmp/one
  cmp /tmp/source /tmp/one || fail "the copy differs from $source: $(diff /tmp/source /tmp/one | head -n 3)"

  # What a system's own tree has little of.
  mkdir -p one/extras/empty
  echo contents >one/extras/file
  ln one/extras/file one/extras/hard
  ln -s ../nowhere one/extras/dangling
  mkfifo one/extras/fifo
  echo other >one/extras/theirs
  chown 12345:54321 one/extras/theirs
  chmod 06751 one/extras/theirs
  chown -h 1:2 one/extras/dangling
  chmod 01777 one/extras/empty
  touch -d '1969-07-20 20:17:40.123456789 UTC' one/extras/file
  touch -d '2100-02-28 12:00:00.000000001 UTC' one/extras/theirs
  setfattr -n user.one -v value one/extras/file
  setfattr -n user.binary -v 0x00ff0a one/extras/theirs
  setfattr -n user.directory -v yes one/extras

  cp -a one two
  describe one >/tmp/one
  describe two >/tmp/two
  cmp /tmp/one /tmp/two || fail "the second copy differs from the first: $(diff /tmp/one /tmp/two | head -n 3)"
  grep -q 'user.binary=0sAP8K' /tmp/two || fail "a binary attribute is not in the copy"

  # Not the whole machine, where the guest is one.
  sync --file-system .
  echo 3 >/proc/sys/vm/drop_caches
  describe two >/tmp/again
  cmp /tmp/two /tmp/again || fail "after dropping the caches: $(diff /tmp/two /tmp/again | head -n 3)"
  cp /tmp/two manifest
  printf '%s files\n' "$(find two | wc -l)"
}

host_verify() {
  describe two >manifest.host
  cmp manifest manifest.host || {
    diff manifest manifest.host | head -n 5
    fail "the host sees another tree than the guest: $(diff manifest manifest.host | head -n 3 | tr '\n' ' ')"
  }
}
