# shellcheck shell=bash
# A file without a name (O_TMPFILE) is written, and gets its name by a link.

guest() {
  local release
  release=$(uname -r)
  release=${release#6.}
  [[ $(uname -r) != [0-5].* && ($(uname -r) != 6.* || ${release%%[!0-9]*} -ge 2) ]] ||
    skip "the FUSE client of Linux $(uname -r) refuses O_TMPFILE"
  mkdir directory
  sys tmpfile directory directory/named "once without a name"
  same "once without a name" "$(cat directory/named)" "the file that got a name"
  same "640 1" "$(stat -c '%a %h' directory/named)" "its mode and links"
  same named "$(ls -A directory)" "names in the directory"
  refused "File exists" sys tmpfile directory directory/named again
  same named "$(ls -A directory)" "names after the refused link"
}

host_verify() {
  same "once without a name" "$(cat directory/named)" "the file on the host"
}
