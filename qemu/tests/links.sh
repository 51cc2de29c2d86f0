# shellcheck shell=bash
# Hard links are one file with many names; symbolic links keep their text.

guest() {
  echo one >file
  ln file other
  mkdir directory
  ln file directory/third
  same "3 3" "$(stat -c %h file) $(stat -c %h directory/third)" "link counts"
  same "$(stat -c %i file)" "$(stat -c %i other)" "inode numbers of two names"
  echo two >>directory/third
  same "one two" "$(one_line file)" "what was appended by another name"
  chmod 0604 other
  same 604 "$(stat -c %a file)" "the mode by another name"
  rm file
  same "2 one" "$(stat -c %h other) $(head -n 1 other)" "after removing the first name"
  refused "Operation not permitted" perl -e 'link("directory", "dirlink") or die "$!\n"'
  refused "File exists" ln other directory/third

  local i count
  count=$(pick 30 200 1000)
  for ((i = 0; i < count; i++)); do
    ln other "l$i"
  done
  same $((count + 2)) "$(stat -c %h other)" "many links"
  rm l*
  same 2 "$(stat -c %h other)" "links after removing many"

  local text
  text=$(printf 't%.0s' {1..1000})
  ln -s other symlink
  ln -s "$text" long
  ln -s . loop
  same "one" "$(head -n 1 symlink)" "a file by a symbolic link"
  same "$text" "$(readlink long)" "a long link text"
  same 1000 "$(stat -c %s long)" "the size of a symbolic link"
  same "one" "$(head -n 1 loop/loop/loop/other)" "a path through links"
  ln -s self self
  refused "Too many levels of symbolic links" cat self
  chown -h 7:8 long
  same "7:8" "$(stat -c %u:%g long)" "the owner of a symbolic link"
  touch -h -d '2001-02-03 04:05:06 UTC' long
  same 981173106 "$(stat -c %Y long)" "the time of a symbolic link"
}

host_verify() {
  same other "$(readlink symlink)" "the link on the host"
  same 2 "$(stat -c %h other)" "links on the host"
}
