# shellcheck shell=bash
# Times: set to the nanosecond, now, and by what happens to a file.

guest() {
  echo x >file
  touch -d '2033-05-18 03:33:20.987654321 UTC' file
  same "2000000000.987654321" "$(date -r file +%s.%N)" "a time with nanoseconds"
  touch -d '1901-12-14 00:00:00 UTC' file
  same "-2147472000" "$(stat -c %Y file)" "a time before 1970"
  touch -a -d '2010-01-01 UTC' file
  same "-2147472000 1262304000" "$(stat -c '%Y %X' file)" "the access time alone"
  touch -r file copy
  same "$(stat -c '%y %x' file)" "$(stat -c '%y %x' copy)" "times taken from another file"

  local now before after
  touch file
  now=$(date +%s)
  before=$(stat -c %Y file)
  ((before >= now - 5 && before <= now + 5)) || fail "touch set $before, now is $now"
  touch -d '2020-01-01 UTC' file
  echo more >>file
  after=$(stat -c %Y file)
  ((after >= now - 5)) || fail "a write left the time at $after"
  touch -d '2020-01-01 UTC' .
  : >another
  ((($(stat -c %Y .)) >= now - 5)) || fail "making a file left the directory's time alone"
  before=$(stat -c %Z file)
  sleep 0.05
  chmod 0600 file
  (($(stat -c %Z file) >= before)) || fail "chmod left the change time alone"
  refused "Operation not permitted" as_user perl -e 'utime(1, 1, "file") or die "$!\n"'
  chmod 0644 file
}

host_verify() {
  same "$(stat -c %y copy)" "1901-12-14 00:00:00.000000000 +0000" "the time on the host"
}
