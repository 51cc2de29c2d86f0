# shellcheck shell=bash
# A directory of ten thousand entries: all are listed, each once, also while it is being emptied.
# seconds: 120

guest() {
  local count
  count=$(pick 1000 10000 50000)
  mkdir many
  seq -f 'many/entry-%06.0f' "$count" | xargs touch
  same "$count" "$(find many -type f -printf 'x\n' | wc -l)" "entries that are listed"
  same "$count" "$(find many -mindepth 1 -printf '%f\n' | sort -u | wc -l)" "different entries"
  same "entry-000001" "$(ls many | head -n 1)" "the first entry, sorted"
  ls -l many | tail -n 1 | grep -q "entry-$(printf %06d "$count")" || fail "ls -l does not end with the last entry"

  # Delete while reading: rewinding must not be needed, nothing may be missed.
  perl -e '
    opendir(my $d, "many") or die "opendir: $!\n";
    my ($seen, %names) = (0);
    while (defined(my $name = readdir($d))) {
      next if $name =~ /^\.\.?$/;
      die "$name came twice\n" if $names{$name}++;
      unlink("many/$name") or die "unlink $name: $!\n";
      $seen++;
    }
    die "saw $seen of $ARGV[0] entries\n" if $seen != $ARGV[0];
  ' "$count" 2>/tmp/perl || fail "deleting while reading: $(cat /tmp/perl)"
  same "" "$(ls -A many)" "what is left"
  rmdir many

  # telldir and seekdir.
  mkdir seek
  seq -f 'seek/%g' 300 | xargs touch
  perl -e '
    opendir(my $d, "seek") or die "opendir: $!\n";
    readdir($d) for 1 .. 100;
    my $place = telldir($d);
    my @rest = readdir($d);
    seekdir($d, $place);
    my @again = readdir($d);
    die "after seekdir: " . @again . " entries, not " . @rest . "\n" if "@rest" ne "@again";
    rewinddir($d);
    my $all = () = readdir($d);
    die "after rewinddir: $all entries\n" if $all != 302;
  ' 2>/tmp/perl || fail "$(cat /tmp/perl)"

  # A deep tree, made and removed.
  local path=deep i
  for i in {1..60}; do
    path+=/d$i
  done
  mkdir -p "$path"
  rm -r deep
  [[ ! -e deep ]] || fail "rm -r left the deep tree"
}
