# shellcheck shell=bash
# Files of more than 4 GiB, with holes: offsets keep their upper half, holes stay holes.
# seconds: 60

guest() {
  local gib=$((1 << 30)) before offset
  before=$(df --output=avail -k . | tail -n 1)
  for offset in 0 $((2 * gib - 3)) $((4 * gib - 3)) $((4 * gib + 50)) $((9 * gib)); do
    sys write_at big "$offset" "at $offset"
  done
  same $((9 * gib + 3 + 10)) "$(stat -c %s big)" "the size"
  echo 3 >/proc/sys/vm/drop_caches
  for offset in 0 $((2 * gib - 3)) $((4 * gib - 3)) $((4 * gib + 50)) $((9 * gib)); do
    same "at $offset" "$(sys read_at big "$offset" $((3 + ${#offset})))" "what is at $offset"
  done
  same 0 "$(sys read_at big $((3 * gib)) 1000 | tr -d '\0' | wc -c)" "bytes in the hole"
  (($(stat -c %b big) * $(stat -c %B big) < 64 << 20)) || fail "the holes take $(stat -c %b big) blocks"
  (($(df --output=avail -k . | tail -n 1) > before - 1024 * 1024)) || fail "the holes took the disk's space"

  truncate -s $((5 * gib)) big
  same $((5 * gib)) "$(stat -c %s big)" "the size after truncate"
  truncate -s $((100 * gib)) big
  same $((100 * gib)) "$(stat -c %s big)" "the size after growing"
  same "" "$(sys read_at big $((9 * gib)) 100 | tr -d '\0')" "what was cut off"
  fallocate --punch-hole --offset 0 --length 4096 big
  same 0 "$(sys read_at big 0 4096 | tr -d '\0' | wc -c)" "bytes in the punched hole"
  fallocate --offset $((6 * gib)) --length 1048576 big
}

host_verify() {
  same $((100 << 30)) "$(stat -c %s big)" "the size on the host"
  same "at $(((4 << 30) + 50))" "$(sys read_at big $(((4 << 30) + 50)) 13)" "what is beyond 4 GiB on the host"
}
