# shellcheck shell=bash
# Locks between processes of the guest: flock and fcntl exclude each other's kind, and end with their holder.

guest() {
  local type
  for type in flock fcntl; do
    coproc holder { sys lock "$type" "$type.file"; }
    read -r -u "${holder[0]}" _
    refused "Resource temporarily unavailable" sys lock "$type" "$type.file"
    # shellcheck disable=SC2154 # bash sets it
    local pid=$holder_PID
    eval "exec ${holder[1]}>&-"
    wait "$pid"
    sys lock "$type" "$type.file" </dev/null >/dev/null || fail "the $type lock outlived its holder"
  done

  need flock
  # Taking turns at a counter.
  local i count
  count=$(pick 10 50 200)
  echo 0 >counter
  for _ in 1 2 3; do
    for ((i = 0; i < count; i++)); do
      flock counter.lock sh -c 'echo $(($(cat counter) + 1)) >counter'
    done &
  done
  wait
  same $((3 * count)) "$(cat counter)" "a counter under a lock"
}
