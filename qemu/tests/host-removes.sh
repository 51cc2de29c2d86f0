# shellcheck shell=bash
# The host changes the share meanwhile: removes, replaces and makes files. The guest gets the right error or the new file, and its
# other files work on.

host_prepare() {
  local name
  for name in removed open replaced other; do
    echo "$name" >"$name"
  done
  mkdir directory
  echo inside >directory/file
}

guest() {
  same "removed open replaced other inside" "$(one_line removed open replaced other directory/file)" "all files"
  exec 4<open
  host change
  same open "$(cat <&4)" "a file that was open while the host removed it"
  exec 4<&-
  same other "$(cat other)" "a file that the host left alone"
  echo more >>other
  same "fresh" "$(cat fresh)" "a file that the host made"
  # With cache=always the guest was told that nothing changes behind it.
  [[ $GUEST_CACHE != always ]] || return 0
  sleep 1.3
  refused "No such file or directory" cat removed
  refused "No such file or directory" cat open
  refused "No such file or directory" cat directory/file
  refused "No such file or directory" touch directory/new
  same "another file" "$(cat replaced)" "a file that the host replaced"
  echo back >removed
  same back "$(cat removed)" "a file made again"
}

host_change() {
  rm removed open
  echo "another file" >replaced.new
  mv replaced.new replaced
  rm -r directory
  echo fresh >fresh
}

host_verify() {
  same "other more" "$(one_line other)" "the file that stayed, on the host"
}
