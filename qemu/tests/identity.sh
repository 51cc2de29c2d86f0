# shellcheck shell=bash
# Files that the host removes and makes anew, on file systems that give inode numbers again at once: what the guest has open
# stays what it was, and a name leads to the new file, never to the old one or to another.

host_prepare() {
  mkdir ext4 overlay lower upper work
  truncate -s 32M image
  mkfs.ext4 -q -F -N 256 image
  mount -o loop image ext4
  echo lower >lower/name
  ln lower/name lower/other
  mount -t overlay -o "lowerdir=$PWD/lower,upperdir=$PWD/upper,workdir=$PWD/work,index=off" overlay overlay
  chmod 777 ext4 overlay
  host_replace first
}

# WORD: every file gets a successor with that word in it.
host_replace() {
  local place i
  for place in ext4 overlay; do
    for i in {1..12}; do
      rm -f "$place/f$i"
    done
    for i in {12..1}; do
      echo "$1 $place $i" >"$place/f$i"
    done
  done
}

host_second() { host_replace second; }
host_third() { host_replace third; }

guest() {
  local place i word fds=() fd
  for place in ext4 overlay; do
    for i in {1..12}; do
      same "first $place $i" "$(cat "$place/f$i")" "$place/f$i at the beginning"
      exec {fd}<"$place/f$i"
      fds+=("$fd")
    done
  done
  # Names of one lower file are separate files there: what is written to one is not seen through the other.
  same lower "$(cat overlay/other)" "the second name before"
  echo written >overlay/name
  same lower "$(cat overlay/other)" "the second name, after the first was written to"
  same written "$(cat overlay/name)" "the first name"
  echo more >>overlay/other
  same "lower more" "$(tr '\n' ' ' <overlay/other | sed 's/ $//')" "the second name, after it was written to"
  same written "$(cat overlay/name)" "the first name, after the second was written to"
  [[ $GUEST_CACHE != always ]] || return 0
  for word in second third; do
    host "$word"
    sleep 1.3
    for place in ext4 overlay; do
      for i in {1..12}; do
        same "$word $place $i" "$(cat "$place/f$i")" "$place/f$i, replaced"
      done
    done
  done
  for place in ext4 overlay; do
    for i in {1..12}; do
      fd=${fds[0]}
      fds=("${fds[@]:1}")
      same "first $place $i" "$(cat <&"$fd")" "what was open of $place/f$i"
      [[ ! /proc/self/fd/$fd -ef $place/f$i ]] || fail "$place/f$i and its predecessor are one file"
      exec {fd}<&-
    done
  done
}

host_verify() {
  same written "$(cat overlay/name)" "the first name"
  same "lower more" "$(tr '\n' ' ' <overlay/other | sed 's/ $//')" "the second name"
}

host_clean_up() {
  umount -l overlay ext4
}
