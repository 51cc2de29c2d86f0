# shellcheck shell=bash
# Eight writers at once, each with its own files; then two on the same file at different places; nothing is lost.
# seconds: 120

guest() {
  local count writer i
  count=$(pick 20 200 1000)
  [[ $GUEST_KIND != qemu ]] || count=$((count / 4))
  for writer in {1..8}; do
    {
      mkdir "w$writer"
      for ((i = 0; i < count; i++)); do
        printf '%s %s\n' "$writer" "$i" >"w$writer/f$i"
        ((i % 3)) || mv "w$writer/f$i" "w$writer/g$i"
        ((i % 5)) || cat "w$writer/"?"$i" >/dev/null
      done
      head -c 1000000 /dev/urandom >"w$writer/big"
      sha256sum "w$writer/big" >"w$writer/sum"
    } &
  done
  for writer in {1..8}; do
    wait -n
  done
  same $((8 * (count + 2))) "$(find . -type f | wc -l)" "files after all writers"
  for writer in {1..8}; do
    sha256sum --quiet -c "w$writer/sum" || fail "the data of writer $writer changed"
    same "$writer 1" "$(cat "w$writer/f1")" "a file of writer $writer"
  done

  # Blocks of one file, written in turns by two.
  local blocks
  blocks=$(pick 64 256 1024)
  for writer in 0 1; do
    sys blocks shared "$writer" "$blocks" &
  done
  wait -n
  wait -n
  same $((blocks * 4096)) "$(stat -c %s shared)" "the shared file's size"
  for ((i = 0; i < blocks; i += 7)); do
    same "$(printf %08d "$i")" "$(sys read_at shared $((i * 4096)) 8)" "block $i of the shared file"
  done
}
