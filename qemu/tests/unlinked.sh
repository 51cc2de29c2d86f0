# shellcheck shell=bash
# A file stays whole while it is open, whoever unlinks it and whatever takes its name.

guest() {
  sys unlinked file "the text of an unlinked file"
  same "" "$(ls)" "names after the unlink"

  # Another process removes and replaces what this one has open.
  echo first >replaced
  exec 4<replaced
  echo second >new
  mv new replaced
  same first "$(cat <&4)" "the replaced file, by the old descriptor"
  same second "$(cat replaced)" "the replaced file, by name"
  exec 4<&-

  # A directory that is somebody's current one.
  mkdir gone
  (
    cd gone
    rmdir ../gone
    # A node that is known by its file handle alone is gone for good, and the guest may have to ask to find that out.
    refused "No such file or directory|Stale file handle" touch file
  )
  [[ ! -e gone ]] || fail "the removed directory is still there"

  # Many at once.
  local i
  for i in {10..40}; do
    eval "exec $i<>many.$i"
    echo "$i" >&"$i"
  done
  rm many.*
  for i in {10..40}; do
    same "$i" "$(cat "/proc/self/fd/$i" 2>/dev/null || sys read_at "/dev/fd/$i" 0 2)" "unlinked file $i"
    eval "exec $i<&-"
  done
}
