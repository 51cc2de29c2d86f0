# shellcheck shell=bash
# The guest sees the host's file system: its size, its free space, its names' length.

host_prepare() {
  stat --file-system --format '%b %S %l' . >expected
}

guest() {
  read -r blocks size length <expected
  same "$blocks $length" "$(stat --file-system --format '%b %l' .)" "blocks and name length"
  same "$((blocks * size))" "$(($(stat --file-system --format '%b * %S' .)))" "the size"
  df . | tail -n 1 | grep -q ' /mnt$' || fail "df does not name the mount"
  (($(stat --file-system --format %a .) > 0)) || fail "no space is available"
}
