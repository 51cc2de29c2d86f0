# shellcheck shell=bash
# Programs run from the share, with their libraries, scripts too; a running program cannot be written.

guest() {
  cp "$(command -v bash)" program
  same "4" "$(./program -c 'echo $((2 + 2))')" "a program of the share"
  printf '#!%s\necho "script $1"\n' "$PWD/program" >script
  chmod +x script
  same "script it" "$(./script it)" "a script of the share"
  mkfifo /tmp/pause
  exec 4<>/tmp/pause
  ./program -c 'read -r -u 4 x; :' &
  local pid=$! tenths=300
  until [[ $(readlink "/proc/$pid/exe") == "$PWD/program" ]]; do
    ((tenths-- > 0)) || fail "the program does not start"
    sleep 0.1
  done
  refused "Text file busy" sh -c 'echo x >>program'
  echo >&4
  wait "$pid"
  chmod -x script
  refused "Permission denied" ./script
}
