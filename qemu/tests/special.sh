# shellcheck shell=bash
# Fifos, sockets and device nodes can stand in a share; fifos and sockets work within the guest.

guest() {
  mkfifo fifo
  echo through >fifo &
  same through "$(cat fifo)" "what came through a fifo"
  wait
  sys socket_talk socket || fail "a socket of the share does not work"
  same "socket" "$(stat -c %F socket)" "the socket's type"
  refused "No such device or address" sh -c ': <socket'

  mknod null c 1 3
  same "character special file 1:3" "$(stat -c '%F %t:%T' null)" "a device node"
  echo gone >null
  same "" "$(cat null)" "the device behind the node"
  mknod block b 259 1048575
  same "block special file 103:fffff" "$(stat -c '%F %t:%T' block)" "a device node with large numbers"
  rm null block
  refused "Operation not permitted" as_user mknod device c 1 3
}

host_verify() {
  same "fifo" "$(stat -c %F fifo)" "the fifo on the host"
  same "socket" "$(stat -c %F socket)" "the socket on the host"
}
