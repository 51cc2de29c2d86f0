# shellcheck shell=bash disable=SC2034,SC2154 # shares its variables with the scripts that source it
# A share, a daemon that serves it, and a guest that uses it. Whoever sources this sets guest_kind, kernel_version,
# queues, daemon_name, program, cache, handles, sandbox, length, more_options and tests; calls prepare_run, start_daemon
# and boot; and calls clean_up in the end, always.

factor=${GUEST_DEADLINE_FACTOR:-4}
run='' share='' daemon_pid='' vm_pid='' memory='' own_share=''
tag_name=share
# Further shares beside the one: TAG is served at $run/TAG.socket.
more_tags=()

# Checks that the guest can run here, and makes the run's directories. Sockets want a short path; a share wants a disk.
prepare_run() {
  # shellcheck source=/dev/null
  source "$root/qemu/daemons/$daemon_name.sh" 2>/dev/null ||
    die "there is no daemon $daemon_name; qemu/daemons has them"
  [[ -x $program ]] || cannot_run "$program is missing; $program_hint"
  [[ " $guest_kinds " == *" $guest_kind "* ]] ||
    cannot_run "the daemon '$daemon_name' serves no $guest_kind guest, see qemu/daemons/$daemon_name.sh"
  case $guest_kind in
    uml) prepare_uml ;;
    qemu) prepare_qemu ;;
    host) prepare_host ;;
    *) die "$guest_kind is none of uml, qemu, host" ;;
  esac
  [[ $sandbox == none || $EUID == 0 ]] || cannot_run "guest tests need root: the daemon creates files for any user"

  run=$(short_temporary_directory)
  if [[ -z $share ]]; then
    mkdir -p "$guests/shares"
    own_share=$(mktemp -d "$guests/shares/run.XXXXXX")
    # A space, so that no part forgets its quotes.
    share="$own_share/the share"
    mkdir "$share"
  fi
  socket=$run/socket
  : >"$run/console.log"
  : >"$run/host.log"
}

prepare_uml() {
  [[ -x $(command -v linux.uml) ]] || cannot_run "linux.uml is missing; run tools/setup"
  command -v busybox >/dev/null || cannot_run "busybox is missing; run tools/setup"
  # Its memory is a file, and the front-end hands over that file: only a tmpfs will do, with room for it.
  local directory
  for directory in /dev/shm /run /tmp; do
    if [[ $(stat --file-system --format %T "$directory") == tmpfs && -w $directory ]] &&
      (($(df --output=avail -k "$directory" | tail -n 1) > 600 * 1024)); then
      memory=$directory
      return
    fi
  done
  cannot_run "user-mode-linux needs a tmpfs with 600 MB free; give /dev/shm more (docker: --shm-size=2g)"
}

prepare_qemu() {
  command -v qemu-system-x86_64 >/dev/null || cannot_run "qemu-system-x86_64 is missing; run tools/setup"
  kernel=$("$root/qemu/lib/kernel" "$kernel_version") || exit
  initramfs=$("$root/qemu/lib/initramfs" "${variant:-test}") || exit
  accelerator=$("$root/qemu/lib/accelerator") || exit
}

# This machine's own kernel as the guest: virtiofsctl is the front-end.
prepare_host() {
  tool=${tool:-$root/.build/release/virtiofsctl}
  [[ -x $tool ]] || cannot_run "$tool is missing; run: make build"
  [[ -c /dev/fuse ]] || cannot_run "there is no /dev/fuse; load the module (modprobe fuse), or give it to the container"
  unshare --mount --pid --fork true 2>/dev/null ||
    cannot_run "namespaces for mounts and processes cannot be made here (docker: --privileged)"
}

# Starts the daemon and waits until its socket is there.
start_daemon() {
  local tag=''
  # QEMU brings the tag itself, and some of its versions do not bear one from the daemon.
  [[ $guest_kind != uml ]] || tag=$tag_name
  daemon=()
  daemon_command
  setsid "${daemon[@]}" "${more_options[@]}" </dev/null >"$run/daemon.log" 2>&1 &
  daemon_pid=$!
  local tenths=$((factor * 100))
  until [[ -S $socket ]]; do
    if ! is_running "$daemon_pid"; then
      local status
      wait_for "$daemon_pid" && status=0 || status=$?
      cannot_serve "the daemon ended with status $status instead of listening: $(last_words "$run/daemon.log")"
    fi
    ((tenths-- > 0)) || cannot_serve "the daemon made no socket for $((factor * 10)) s: $(last_words "$run/daemon.log")"
    sleep 0.1
  done
}

# The daemon is what is tested: that it does not start is a failure of all tests, not a reason not to run them.
cannot_serve() {
  if ((${#tests[@]})); then
    local test
    for test in "${tests[@]}"; do
      report FAIL "$test" 0 "$1"
    done
    keep_logs "$logs/$guest_kind-${tests[*]}"
    exit 1
  fi
  die "$1"
}

# MAIN: boots the guest, which runs guest/MAIN. Messages come from descriptor from_guest and go to to_guest.
boot() {
  mkfifo "$run/line.in" "$run/line.out"
  exec {to_guest}<>"$run/line.in" {from_guest}<>"$run/line.out"
  mkdir "$run/guest"
  cp "$root"/qemu/guest/* "$run/guest"
  mkdir "$run/guest/tests"
  local test
  for test in "${tests[@]}"; do
    cp "$root/qemu/tests/$test.sh" "$run/guest/tests"
  done
  local line=/dev/ttyS1 line_out
  [[ $guest_kind != uml ]] || line=/dev/ttyS0
  line_out=$line
  [[ $guest_kind != host ]] || line=$run/line.in line_out=$run/line.out
  {
    printf 'GUEST_MAIN=%q\n' "$1"
    printf 'GUEST_TAG=%q\nGUEST_LINE=%q\nGUEST_LINE_OUT=%q\n' "$tag_name" "$line" "$line_out"
    printf 'GUEST_KIND=%q\nGUEST_LENGTH=%q\n' "$guest_kind" "$length"
    printf 'GUEST_CACHE=%q\nGUEST_HANDLES=%q\n' "${cache:-auto}" "${handles:-default}"
    printf 'GUEST_DAEMON=%q\nGUEST_STORM=%q\n' "$daemon_name" "$root/.build/release/file-storm"
    printf "GUEST_TESTS='%s'\n" "${tests[*]}"
    ! declare -F extra_environment >/dev/null || extra_environment
  } >"$run/guest/env"
  "boot_$guest_kind"
}

# All processors that we may run on, one of them for this guest: user-mode-linux is five times slower when it moves.
own_processor() {
  local list=() part
  while IFS= read -r -d , part; do
    if [[ $part == *-* ]]; then
      mapfile -t -O ${#list[@]} list < <(seq "${part%-*}" "${part#*-}")
    else
      list+=("$part")
    fi
  done < <(sed -n 's/^Cpus_allowed_list:[[:space:]]*\(.*\)$/\1,/p' /proc/self/status)
  printf '%s\n' "${list[$$ % ${#list[@]}]}"
}

boot_uml() {
  TMPDIR=$memory setsid taskset --cpu-list "$(own_processor)" linux.uml mem=512M umid="${run##*/}" uml_dir="$run/uml" \
    rootfstype=hostfs rootflags=/ root=/dev/root ro init="$run/guest/init-uml" quiet \
    con=null con0=null,fd:1 ssl=null ssl0=fd:5,fd:6 "virtio_uml.device=$socket:26" \
    </dev/null 5<"$run/line.in" 6>"$run/line.out" >"$run/console.log" 2>&1 &
  vm_pid=$!
}

# All processes of it end with the first, the mounts with the last, and unshare has the first one end with itself.
boot_host() {
  printf 'GUEST_TOOL=%q\nGUEST_SOCKET=%q\nGUEST_QUEUES=%q\n' "$tool" "$socket" "$queues" >>"$run/guest/env"
  setsid unshare --mount --propagation private --pid --fork --kill-child --mount-proc "$run/guest/init-host" \
    </dev/null >"$run/console.log" 2>&1 &
  vm_pid=$!
}

# One archive with the programs, and after it one with what is this run's own.
make_initrd() {
  mkdir "$run/root"
  cp "$run/guest/init-qemu" "$run/root/init"
  cp -R "$run/guest" "$run/root/guest"
  cp -R "$kernel/modules" "$run/root/guest/modules"
  (cd "$run/root" && find . -print0 | cpio --null --create --format=newc --owner=0:0 --quiet) >"$run/root.cpio"
  cat "$initramfs" "$run/root.cpio" >"$run/initrd"
}

# Fills the array `vm`. With QEMU's default of 128 ring entries the guest would cut requests at 124 pages.
qemu_command() {
  local processor=max processors=$((queues > 2 ? queues : 2))
  [[ $accelerator != kvm ]] || processor=host
  # shellcheck disable=SC2054 # the commas are QEMU's
  vm=(qemu-system-x86_64 -M "q35,accel=$accelerator" -cpu "$processor" -smp "$processors" -m 1G
    -object memory-backend-memfd,id=mem,size=1G,share=on -numa node,memdev=mem
    -chardev "socket,id=fs,path=$socket"
    -device "vhost-user-fs-pci,chardev=fs,tag=$tag_name,queue-size=1024,num-request-queues=$queues"
    -kernel "$kernel/vmlinuz" -initrd "$run/initrd"
    -append "console=ttyS0 panic=-1 quiet" -display none -no-reboot -nodefaults)
  local tag
  for tag in "${more_tags[@]}"; do
    vm+=(-chardev "socket,id=fs-$tag,path=$run/$tag.socket"
      -device "vhost-user-fs-pci,chardev=fs-$tag,tag=$tag,queue-size=1024,num-request-queues=$queues")
  done
}

boot_qemu() {
  make_initrd
  qemu_command
  if [[ -n ${console:-} ]]; then
    # The guest's console is this terminal. In the foreground, so that the keys go there.
    vm_failed=''
    "${vm[@]}" -serial mon:stdio 2>"$run/vm.log" || vm_failed=$?
    return
  fi
  vm+=(-serial "file:$run/console.log" -chardev "pipe,id=line,path=$run/line" -serial chardev:line)
  setsid "${vm[@]}" </dev/null >"$run/vm.log" 2>&1 &
  vm_pid=$!
}

# NAME: keeps what a failure left behind.
keep_logs() {
  local directory=${1:0:200}
  directory=${directory// /,}-$(date +%H%M%S)-$$
  mkdir -p "$directory"
  cp "$run"/*.log "$directory"
  printf '     logs: %s\n' "$directory"
}

# [STATUS]: ends what we started and removes what we made, whatever state it is in.
clean_up() {
  local status=${1:-$?}
  trap - EXIT
  # Impatient callers, and timeout(1), send their signal twice.
  trap '' INT TERM HUP
  end_process "$vm_pid"
  end_process "$daemon_pid"
  local test
  if [[ -n $own_share ]]; then
    for test in "${tests[@]}"; do
      bash "$root/qemu/lib/host-part" "$root/qemu/tests/$test.sh" "$share/$test" host_clean_up >/dev/null 2>&1 || true
    done
    rm -rf --one-file-system "$own_share"
  fi
  [[ -z $run ]] || rm -rf "$run"
  exit "$status"
}
