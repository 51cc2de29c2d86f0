# shellcheck shell=bash
# What Tests/Traces/tree-copy is made of: a tree that the host has made is copied, compared, renamed and removed.

host_prepare() {
  local i
  mkdir -p source/empty source/deep/er/still
  for ((i = 0; i < 14; i++)); do
    printf 'contents of %d\n' {1..10} >"source/deep/file-$i"
  done
  head -c 9000 /dev/zero | tr '\0' 'y' >source/deep/er/large
  ln source/deep/file-0 source/hard
  ln -s ../nowhere source/dangling
  mkfifo source/fifo
  echo other >source/theirs
  chown 12345:54321 source/theirs
  chmod 06751 source/theirs
  chown -h 1:2 source/dangling
  chmod 01777 source/empty
  touch -d '1969-07-20 20:17:40.123456789 UTC' source/deep/file-1
  truncate -s 1000000 source/sparse
  echo end >>source/sparse
  setfattr -n user.one -v value source/deep/file-2
}

guest() {
  need getfattr
  cp -a source copy
  diff -r source/deep copy/deep
  same value "$(getfattr --only-values -n user.one copy/deep/file-2)" "an attribute of the copy"
  echo 3 >/proc/sys/vm/drop_caches
  ls -laR copy >/dev/null
  mv copy/deep copy/moved
  mv copy/moved/file-3 copy/moved/file-4
  echo more >>copy/moved/file-5
  truncate -s 100 copy/moved/file-6
  ln copy/moved/file-7 copy/linked
  rm -r copy
  refused "No such file" ls copy
}
