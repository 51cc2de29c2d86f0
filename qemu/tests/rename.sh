# shellcheck shell=bash
# Renames: over files and directories, exchange, no-replace, and what must be refused.

guest() {
  echo a >a
  echo b >b
  mv a b
  same a "$(cat b)" "a file renamed over another"
  [[ ! -e a ]] || fail "the old name is still there"

  echo a >a
  sys renameat2 2 a b
  same "a a" "$(one_line a b)" "exchanged files of the same text"
  echo other >b
  sys renameat2 2 a b
  same "other a" "$(one_line a b)" "exchanged files"
  echo one >left
  mkdir right
  echo two >right/inside
  sys renameat2 2 left right
  same "two one" "$(cat left/inside) $(cat right)" "a file exchanged with a directory"
  refused "No such file or directory" sys renameat2 2 left nothing

  echo c >c
  refused "File exists" sys renameat2 1 c b
  same "c a" "$(one_line c b)" "files after a refused no-replace"
  sys renameat2 1 c free
  same c "$(cat free)" "a no-replace to a free name"
  refused "Invalid argument" sys renameat2 3 b free

  mkdir -p one/two empty full
  echo x >full/x
  echo deep >one/two/file
  mv -T one/two empty
  same deep "$(cat empty/file)" "a directory renamed over an empty one"
  refused "Directory not empty" mv -T empty full
  refused "Invalid argument" perl -e 'rename("empty", "empty/sub") or die "$!\n"'
  refused "Is a directory" perl -e 'rename("free", "full") or die "$!\n"'
  refused "Not a directory" perl -e 'rename("full", "free") or die "$!\n"'

  # Across directories, with something open below.
  mkdir -p from/deep to
  echo open >from/deep/file
  exec 4<from/deep/file
  mv from/deep to/moved
  same open "$(cat <&4)" "an open file below a moved directory"
  exec 4<&-
  same open "$(cat to/moved/file)" "the file by its new path"
  same "" "$(ls from)" "the old parent"

  # Round and round: names change, nothing else does.
  local i count inode
  count=$(pick 10 50 500)
  inode=$(stat -c %i to/moved/file)
  for ((i = 0; i < count; i++)); do
    mv to/moved/file "to/f$i"
    mv "to/f$i" to/moved/file
  done
  same "$inode" "$(stat -c %i to/moved/file)" "the inode after many renames"
}
