# shellcheck shell=bash
# The guest leaves and comes back: mount, work, unmount, ten times; the daemon's descriptors are then what they were.
# seconds: 90

guest() {
  [[ $GUEST_KIND != host ]] || skip "unmounting ends virtiofsctl's connection, and with it the daemon"
  local i
  mkdir files
  for i in {1..300}; do
    echo "$i" >"files/f$i"
  done
  cd /
  umount /mnt
  mount -t virtiofs "$GUEST_TAG" /mnt
  ls /mnt >/dev/null
  umount /mnt
  host count before
  for i in $(seq "$(pick 3 10 50)"); do
    mount -t virtiofs "$GUEST_TAG" /mnt
    cd "/mnt/${test:?}"
    cat files/* >/dev/null
    same 300 "$(find files -type f | wc -l)" "files after mounting again"
    # Left open until the end, and unlinked.
    exec 4<>"left$i"
    rm "left$i"
    exec 4>&-
    cd /
    umount /mnt
  done
  host count after
  mount -t virtiofs "$GUEST_TAG" /mnt
  host compare
}

host_count() {
  # The last RELEASE and DESTROY may still be on their way when umount returns.
  sleep 0.5
  ls "/proc/$DAEMON_PID/fd" | wc -l >"fds-$1"
  sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$DAEMON_PID/status" >"rss-$1"
}

host_compare() {
  echo "descriptors $(cat fds-before) before, $(cat fds-after) after; memory $(cat rss-before) kB, $(cat rss-after) kB"
  (($(cat fds-after) <= $(cat fds-before) + 2)) || fail "$(cat fds-before) descriptors before, $(cat fds-after) after"
  (($(cat rss-after) <= $(cat rss-before) + 8192)) || fail "$(cat rss-before) kB before, $(cat rss-after) kB after"
}
