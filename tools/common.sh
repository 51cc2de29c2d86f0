# shellcheck shell=bash
# What the scripts share: where things are, how they speak, how they take turns. Sourced, never run.

set -euo pipefail

# The root of the repository, whatever directory the caller is in.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Everything that scripts download or build for guests; never in git.
guests=$root/.build/guests
mkdir -p "$guests"
export root guests

# A line of progress. To stderr: stdout is for answers.
say() {
  printf '==> %s\n' "$*" >&2
}

# One line that says what is wrong and what to do; status 1.
die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# Could not run: one line that says why; status 77, which nobody may count as green.
cannot_run() {
  printf '%s: could not run: %s\n' "${0##*/}" "$*" >&2
  exit 77
}

# Takes the lock NAME until this shell ends. Two runs may want the same download at once.
lock() {
  local descriptor
  exec {descriptor}>"$guests/$1.lock"
  if ! flock --nonblock "$descriptor"; then
    say "waiting for another run that prepares $1"
    flock "$descriptor"
  fi
}

# A new directory with a short path for sockets: their paths may not exceed 107 bytes.
short_temporary_directory() {
  mktemp -d /tmp/virtiofsd-guest.XXXXXX
}

# Milliseconds, for differences.
now_ms() {
  local now=${EPOCHREALTIME/[.,]/}
  printf '%s\n' $((now / 1000))
}

# MILLISECONDS as seconds with one decimal.
seconds() {
  printf '%d.%d\n' $(($1 / 1000)) $(($1 % 1000 / 100))
}
