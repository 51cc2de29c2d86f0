# shellcheck shell=bash
# git keeps a repository of thousands of files in the share: init, add, commit, status, branch, checkout, gc, fsck.
# seconds: 240

guest() {
  need git
  local count i directory
  count=$(pick 200 2000 10000)
  [[ $GUEST_KIND != qemu ]] || count=$((count / 4))
  export GIT_AUTHOR_NAME=guest GIT_AUTHOR_EMAIL=guest@localhost
  export GIT_COMMITTER_NAME=guest GIT_COMMITTER_EMAIL=guest@localhost
  git init -q -b main repository
  cd repository
  # Not behind our back: it would still be at work when we do it, and when the share is unmounted.
  git config gc.auto 0
  for ((i = 0; i < count; i++)); do
    directory=d$((i % 50))
    ((i >= 50)) || mkdir "$directory"
    printf 'file %d\nof %d\n' "$i" "$count" >"$directory/f$i"
  done
  chmod +x d0/f0
  ln -s d0/f0 link
  git add -A
  git commit -q -m first
  same "" "$(git status --porcelain)" "git status after the commit"
  same $((count + 1)) "$(git ls-files | wc -l)" "files that git knows"

  git checkout -q -b other
  printf 'changed\n' >d1/f1
  rm d2/f2
  mkdir new
  echo new >new/file
  same 3 "$(git status --porcelain | wc -l)" "changes that git status sees"
  git add -A
  git commit -q -m second
  git checkout -q main
  same "file 1" "$(head -n 1 d1/f1)" "a file of the first commit after checkout"
  [[ -e d2/f2 && ! -e new ]] || fail "checkout did not restore the tree"
  git merge -q other
  same changed "$(cat d1/f1)" "the merged file"
  git gc -q
  git fsck --full --strict >/tmp/fsck 2>&1 || fail "git fsck: $(tail -n 1 /tmp/fsck)"
  if grep -E 'error|missing|corrupt|dangling' /tmp/fsck; then
    fail "git fsck: $(grep -E 'error|missing|corrupt|dangling' /tmp/fsck | head -n 1)"
  fi
  echo 3 >/proc/sys/vm/drop_caches
  same "" "$(git status --porcelain)" "git status with cold caches"
  git clone -q --no-hardlinks . ../clone
  same "$(git rev-parse HEAD)" "$(git -C ../clone rev-parse HEAD)" "the clone's commit"
}

host_verify() {
  command -v git >/dev/null || return 0
  local status
  status=$(git -c safe.directory='*' -C repository status --porcelain)
  same "" "$status" "git status on the host"
}
