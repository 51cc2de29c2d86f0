# shellcheck shell=bash
# A full disk: the guest gets ENOSPC, other files and other disks go on, and after freeing so does this one.
# seconds: 60

host_prepare() {
  mkdir disk
  mount -t tmpfs -o size=4m,nr_inodes=200 small disk 2>/dev/null || skip "this machine lets nobody mount a tmpfs"
  echo kept >disk/before
}

guest() {
  refused "No space left on device" dd if=/dev/zero of=disk/big bs=64k count=200
  same kept "$(cat disk/before)" "a file of the full disk"
  echo elsewhere >other
  same elsewhere "$(cat other)" "a file on another disk"
  refused "No space left on device" sh -c 'head -c 1000000 /dev/zero >>disk/more'
  rm disk/big disk/more
  echo again >disk/after
  same again "$(cat disk/after)" "a file after freeing space"
  refused "No space left on device" sh -c 'for i in $(seq 300); do : >"disk/n$i" || exit 1; done'
  rm -f disk/n*
  : >disk/last
}

host_verify() {
  same "kept again" "$(one_line disk/before disk/after)" "the files on the host"
}

host_clean_up() {
  umount disk || umount --lazy disk
}
