# shellcheck shell=bash
# Random operations on a few files by many descriptors and mappings, each checked against a model (Tests/FileStorm); two
# storms side by side. A failure names its seed, by which it comes again.
# seconds: 60

guest() {
  [[ -x $GUEST_STORM ]] || fail "$GUEST_STORM is missing; build it: swift build -c release --product file-storm"
  local seconds storm status=0
  seconds=$(pick 3 25 150)
  for storm in 1 2; do
    mkdir "storm$storm"
    "$GUEST_STORM" "storm$storm" --seconds "$seconds" >"/tmp/storm$storm" 2>&1 &
  done
  wait -n || status=$?
  wait -n || status=$?
  cat /tmp/storm1 /tmp/storm2
  ((status == 0)) || fail "$(grep -h 'again:\|operation [0-9]*:' /tmp/storm1 /tmp/storm2 | tr '\n' ' ')"
  sha256sum storm1/* storm2/* >sums
}

host_verify() {
  sha256sum --quiet -c sums || fail "the host sees other files than the guest"
}
