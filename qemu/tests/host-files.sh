# shellcheck shell=bash
# What the host wrote is what the guest reads: many files, a large one, and what it changes while the guest looks.

host_prepare() {
  mkdir tree
  local i
  for i in {1..300}; do
    printf 'host file %d\n' "$i" >"tree/f$i"
  done
  head -c 3000001 /dev/urandom >large
  { find tree -type f -print0 | sort -z | xargs -0 sha256sum; sha256sum large; } >sums
}

guest() {
  sha256sum --quiet -c sums || fail "a file of the host reads differently"
  same 3000001 "$(stat -c %s large)" "the large file's size"
  same "$(tail -c 100 large | sha256sum)" "$(dd if=large bs=1 skip=2999901 status=none | sha256sum)" "its end"
  [[ $GUEST_CACHE != always ]] || return 0
  host grow
  sleep 1.3
  sha256sum --quiet -c sums || fail "a file that the host changed reads differently"
  same 4000001 "$(stat -c %s large)" "the size of the grown file"
  same 301 "$(find tree -type f | wc -l)" "files after the host made one"
}

host_grow() {
  head -c 1000000 /dev/urandom >>large
  echo changed >tree/f7
  echo new >tree/f301
  { find tree -type f -print0 | sort -z | xargs -0 sha256sum; sha256sum large; } >sums.new
  mv sums.new sums
}
