# shellcheck shell=bash disable=SC2154 # test and here are set by one
# What guest tests say. `fail`, `skip` and the checks end the test; everything else must succeed, or ends it too.

export LC_ALL=C
host_line=${GUEST_LINE:-} host_line_out=${GUEST_LINE_OUT:-}
why_file=${WHY_FILE:-/tmp/why}

# The claim does not hold.
fail() {
  printf '%s' "$*" >"$why_file"
  printf '%s: %s\n' "$test" "$*" >&2
  exit 1
}

# The test cannot run in this guest. Which tests may say so is in qemu/expected.
skip() {
  printf '%s' "$*" >"$why_file"
  printf '%s: skipped: %s\n' "$test" "$*" >&2
  exit 77
}

# Skips unless the programs are there.
need() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || skip "$program is not in the guest"
  done
}

# SHORT FULL LONG: the one for this run's length.
pick() {
  case $GUEST_LENGTH in
    short) printf '%s\n' "$1" ;;
    full) printf '%s\n' "$2" ;;
    *) printf '%s\n' "$3" ;;
  esac
}

# EXPECTED ACTUAL WHAT
same() {
  [[ $1 == "$2" ]] || fail "$3: expected '$1', found '$2'"
}

# MESSAGE COMMAND...: the command fails, and says MESSAGE (strerror's words, or several with | between) while doing so.
refused() {
  local message=$1 output
  shift
  if output=$("$@" 2>&1 >/dev/null); then
    fail "'$*' succeeded; it should say: $message"
  fi
  : >"$why_file"
  [[ $output =~ $message ]] || fail "'$*' said '$output'; it should say: $message"
}

# FILE...: their lines with a space between them.
one_line() {
  local lines
  lines=$(cat "$@")
  printf '%s\n' "${lines//$'\n'/ }"
}

# STEP ARGUMENT...: does host_STEP of this test on the host, in the test's directory, and waits for it.
host() {
  local answer
  printf 'host %s %s\n' "$test" "$*" >"$host_line_out"
  read -r answer <"$host_line"
  [[ $answer == 0 ]] || fail "the host's part '$*' failed with status $answer"
}

# System calls that no shell command makes; see the file.
sys() {
  local errors=/tmp/sys.$BASHPID status=0
  perl "$here/sys.pl" "$@" 2>"$errors" || status=$?
  if ((status)); then
    cat "$errors" >&2
    blame "$* ($(one_line "$errors"))"
  fi
  rm -f "$errors"
  return "$status"
}

# REASON: what `session` reports if nothing better comes. The first reason is the right one: the outer functions fail
# only because the inner one did.
blame() {
  [[ -s $why_file ]] || printf '%s' "$1" >"$why_file"
  printf '%s: %s\n' "$test" "$1" >&2
}

# COMMAND LINE: blames a command that failed and that nobody expected to, by its place in the test itself.
blame_command() {
  local depth=1
  while [[ ${BASH_SOURCE[depth]:-} == */lib.sh ]]; do
    depth=$((depth + 1))
  done
  local line=$2
  ((depth == 1)) || line=${BASH_LINENO[depth - 1]}
  blame "${BASH_SOURCE[depth]##*/} line $line: $1"
}

# As the user 1000 with the groups 1000 and 2000.
as_user() {
  setpriv --reuid=1000 --regid=1000 --groups=2000 -- "$@"
}

# DIR: one line a file with everything that a copy must keep, in a fixed order. Times of directories are left out: they change when
# files are put in.
describe() {
  (
    cd "$1" || exit
    find . -type d -printf '%P %y %m %U %G\0'
    find . -type l -printf '%P %y %U %G %l %TY-%Tm-%Td %TH:%TM:%TS\0'
    find . ! -type d ! -type l -printf '%P %y %m %U %G %s %n %TY-%Tm-%Td %TH:%TM:%TS\0'
  ) | sort -z | tr '\0' '\n'
  (
    cd "$1" || exit
    find . -type f -print0 | sort -z | xargs -0 -r sha256sum
    find . -print0 | sort -z | xargs -0 -r getfattr --no-dereference --dump --match=- --absolute-names 2>/dev/null
  )
}
