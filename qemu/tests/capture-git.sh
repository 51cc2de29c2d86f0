# shellcheck shell=bash
# What Tests/Traces/git is made of: a small repository is made, changed and checked out.
# seconds: 60

guest() {
  need git
  export GIT_AUTHOR_NAME=guest GIT_AUTHOR_EMAIL=guest@localhost GIT_AUTHOR_DATE='1700000000 +0000'
  export GIT_COMMITTER_NAME=guest GIT_COMMITTER_EMAIL=guest@localhost GIT_COMMITTER_DATE='1700000000 +0000'
  export HOME=/tmp/git-home GIT_CONFIG_NOSYSTEM=1
  mkdir -p "$HOME"
  git init -q --template= -b main repository
  cd repository
  git config gc.auto 0
  local i
  mkdir d0
  for ((i = 0; i < 2; i++)); do
    printf 'file %d\n' "$i" >"d0/f$i"
  done
  chmod +x d0/f0
  ln -s d0/f0 link
  git add -A
  git commit -q -m first
  printf 'changed\n' >d0/f1
  git commit -q -a -m second
  git checkout -q --detach HEAD^
  same "file 1" "$(cat d0/f1)" "a file of the first commit"
}
