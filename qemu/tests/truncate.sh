# shellcheck shell=bash
# Truncation, by open, by name and by descriptor; what was cut off never comes back.

guest() {
  printf '0123456789' >file
  truncate -s 4 file
  same 0123 "$(cat file)" "a shortened file"
  truncate -s 8 file
  same "0123" "$(tr -d '\0' <file)" "a file that grew again"
  same 8 "$(stat -c %s file)" "its size"
  : >file
  same 0 "$(stat -c %s file)" "a file opened with O_TRUNC"

  # Under an open descriptor, between reads.
  head -c 100000 /dev/zero | tr '\0' x >open
  exec 4<>open
  truncate -s 10 open
  same xxxxxxxxxx "$(cat <&4)" "an open file after truncation by name"
  printf 'more' >&4
  exec 4>&-
  same xxxxxxxxxxmore "$(cat open)" "an open file after writing on"

  # A page that is cut must read as zeroes after growing.
  head -c 9000 /dev/zero | tr '\0' y >page
  truncate -s 5000 page
  truncate -s 9000 page
  same 5000 "$(tr -d '\0' <page | wc -c)" "bytes left after shrinking and growing"

  refused "Is a directory" truncate -s 0 .
  chmod 0400 file
  refused "Permission denied" as_user truncate -s 0 file
}
