# shellcheck shell=bash
# Several writers append to one file: every line is there once and whole.
# seconds: 60

guest() {
  local count writer
  count=$(pick 100 1000 10000)
  for writer in a b c d; do
    sys append log "$count" "$writer" &
  done
  for writer in a b c d; do
    wait -n
  done
  same $((4 * count * 64)) "$(stat -c %s log)" "the size of the log"
  same $((4 * count)) "$(sort -u log | wc -l)" "different lines"
  for writer in a b c d; do
    same "$count" "$(grep -c "^$writer [0-9]* *\$" log)" "lines of writer $writer"
  done
  # The host and the guest append in turn.
  echo guest >turns
  host append_one
  if [[ $GUEST_CACHE != always ]]; then
    sleep 1.2
    echo guest >>turns
    same "guest host guest" "$(one_line turns)" "what guest and host appended"
  fi
}

host_append_one() {
  echo host >>turns
}

host_verify() {
  same "$(sort -u log | wc -l)" "$(wc -l <log)" "whole lines on the host"
}
