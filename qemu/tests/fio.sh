# shellcheck shell=bash
# fio writes patterns and finds them again: buffered, O_DIRECT, asynchronous, through mappings, with several jobs.
# seconds: 180

guest() {
  need fio
  local size
  size=$(pick 4m 64m 512m)
  [[ $GUEST_KIND != qemu ]] || size=$(pick 2m 16m 256m)
  job buffered --rw=randwrite --bs=4k --ioengine=psync --fsync_on_close=1
  job sequential --rw=write --bs=1m --ioengine=psync
  job odd --rw=randwrite --bsrange=1k-96k --ioengine=psync --numjobs=3
  job direct --rw=randwrite --bs=4k --direct=1 --ioengine=psync
  job queued --rw=randwrite --bs=64k --direct=1 --ioengine=libaio --iodepth=16
  job mixed --rw=randrw --bs=16k --direct=1 --ioengine=libaio --iodepth=8 --numjobs=2
  if [[ $GUEST_CACHE != never ]]; then
    # Each page that user-mode-linux maps is a mapping of the host, which has 65530 for a process.
    [[ $GUEST_KIND != uml || $GUEST_LENGTH != long ]] || size=64m
    job mapped --rw=randwrite --bs=4k --ioengine=mmap --fsync_on_close=1
  fi
}

# NAME OPTION...: a job that writes and verifies.
job() {
  local name=$1
  shift
  fio --name="$name" --directory=. --size="$size" --verify=crc32c --verify_fatal=1 --do_verify=1 --randrepeat=1 \
    --thread --group_reporting --minimal "$@" >"/tmp/fio.$name" 2>&1 ||
    fail "fio $name: $(grep -v '^3;' "/tmp/fio.$name" | head -n 3 | tr '\n' ' ')"
  # What was written is what the host has, too: read it again with cold caches.
  echo 1 >/proc/sys/vm/drop_caches
  fio --name="$name" --directory=. --size="$size" --verify=crc32c --verify_fatal=1 --verify_only --randrepeat=1 \
    --thread --group_reporting --minimal "$@" >"/tmp/fio.$name" 2>&1 ||
    fail "fio $name, second look: $(grep -v '^3;' "/tmp/fio.$name" | head -n 3 | tr '\n' ' ')"
  rm -f "$name".*
}
