# shellcheck shell=bash
# What Tests/Traces/boot-and-mount is made of: a guest boots, mounts the share, looks around and reads what it finds.

host_prepare() {
  mkdir -p etc/init.d home/guest
  printf 'guest\n' >etc/hostname
  printf 'root:x:0:0:root:/root:/bin/sh\nguest:x:1000:1000::/home/guest:/bin/sh\n' >etc/passwd
  printf '#!/bin/sh\necho started\n' >etc/init.d/service
  chmod 0755 etc/init.d/service
  ln -s init.d/service etc/default
  for ((i = 0; i < 40; i++)); do
    printf 'line %d of a file\n' {1..20} >"home/guest/file-$i"
  done
  chown -R 1000:1000 home/guest
  chmod 0700 home/guest
  head -c 20000 /dev/zero | tr '\0' 'x' >home/guest/large
  mkfifo home/guest/pipe
  ln home/guest/file-1 home/guest/second
}

guest() {
  ls -la . etc home/guest >/dev/null
  df . >/dev/null
  same guest "$(cat etc/hostname)" "the host's name"
  same started "$(etc/default)" "what the service says"
  same 20000 "$(wc -c <home/guest/large)" "the length of the large file"
  cat home/guest/file-[0-9] >/dev/null
  refused "No such file" cat missing
  refused "Is a directory" cat etc
  find . -type f -size +10k >/dev/null
  echo booted >state
  same booted "$(cat state)" "what was just written"
  stat second home/guest/second >/dev/null 2>&1 || true
}
