# shellcheck shell=bash
# Operations on ranges: preallocation, holes, zeroing, data and hole seeking, copy_file_range.

guest() {
  need fallocate
  fallocate --length 1000000 file
  same 1000000 "$(stat -c %s file)" "the size of a preallocated file"
  (($(stat -c %b file) * 512 >= 1000000)) || fail "preallocation took only $(stat -c %b file) blocks"
  fallocate --keep-size --offset 1000000 --length 1000000 file
  same 1000000 "$(stat -c %s file)" "the size after preallocating beyond the end"

  head -c 1048576 /dev/zero | tr '\0' z >data
  fallocate --punch-hole --offset 65536 --length 131072 data
  same 131072 "$(sys read_at data 65536 131072 | tr -d z | wc -c)" "zeroes in the hole"
  same 917504 "$(tr -d '\0' <data | wc -c)" "data around the hole"
  same "0-65536 196608-1048576" "$(sys map_holes data)" "data and holes"
  fallocate --zero-range --offset 0 --length 4096 data || [[ $? == 1 ]]

  head -c 3000000 /dev/urandom >source
  sys copy_range source copy 3000000
  cmp source copy || fail "copy_file_range copied something else"
  cp --reflink=auto source copy2
  cmp source copy2 || fail "cp copied something else"
  cp --sparse=always data sparse
  cmp data sparse || fail "cp --sparse copied something else"
}
