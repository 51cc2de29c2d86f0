# shellcheck shell=bash
# stress-ng's file system stressors, one kind after the other, each checking its own results.
# seconds: 400

guest() {
  need stress-ng
  local each list
  each=$(pick 1 2 30)
  [[ $GUEST_KIND != host || $GUEST_LENGTH == long ]] || each=1
  list=chdir,chmod,chown,copy-file,dentry,dir,dirdeep,dirmany,dup,fallocate,fcntl,filename,flock,fpunch,fstat,getdent,hdd,iomix,link,lockf,lockofd,open,readahead,rename,seek,symlink,touch,truncate,unlink,utime,xattr
  [[ $GUEST_LENGTH != short ]] || list=dir,dirdeep,hdd,link,open,rename,seek,utime
  local kind kinds
  IFS=, read -r -a kinds <<<"$list"
  stress-ng --help >/tmp/help 2>&1
  for kind in "${kinds[@]}"; do
    # Kinds that this version does not have.
    grep -q -- "--$kind N" /tmp/help || continue
    stress-ng "--$kind" 2 --timeout "$each" --temp-path . --verify --metrics-brief >"/tmp/stress" 2>&1 ||
      fail "stress-ng $kind: $(grep -E 'fail|error' /tmp/stress | head -n 2 | tr '\n' ' ')"
    printf '%s ' "$kind"
  done
  echo
  # Each left nothing behind; but `open` forgets a file now and then, on the host's own ext4, too.
  rm -f stress-open-*
  same "" "$(ls)" "what the stressors left behind"
}
