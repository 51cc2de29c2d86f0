# shellcheck shell=bash disable=SC2154 # factor is set by the caller
# Processes that we started: each is one that this shell forked, known by its id, and ended by that id.

is_running() {
  [[ -e /proc/$1/stat ]] || return 1
  local status
  status=$(</proc/"$1"/stat) 2>/dev/null || return 1
  status=${status##*) }
  [[ ${status%% *} != Z ]]
}

# SECONDS PID: true if the process has ended by then.
ends_within() {
  local tenths=$(($1 * 10))
  while ((tenths-- > 0)); do
    is_running "$2" || return 0
    [[ -z ${interrupted:-} ]] || return 1
    sleep 0.1
  done
  return 1
}

# Its exit status, which bash keeps for us.
wait_for() {
  wait "$1" 2>/dev/null
}

# PID: ends a process and the group that it leads.
end_process() {
  [[ -n $1 ]] || return 0
  # Not with SIGTERM first: user-mode-linux would try to go down in order, and wait for a daemon that may be stuck.
  kill -KILL -- "-$1" 2>/dev/null || kill -KILL "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}

# The last line of a log that says something.
last_words() {
  { tr -d '\r\033' <"$1" | grep --text -v '^[[:space:]]*$' | tail -n 1 | cut -c 1-200; } 2>/dev/null || true
}
