# shellcheck shell=bash
# Extended attributes of files, directories and symbolic links: set, read, listed, replaced, removed, and large.

guest() {
  need getfattr setfattr
  echo x >file
  mkdir directory
  setfattr -n user.name -v "a value" file
  same "a value" "$(getfattr --only-values -n user.name file)" "an attribute"
  setfattr -n user.name -v "another" file
  same another "$(getfattr --only-values -n user.name file)" "a replaced attribute"
  setfattr -n user.empty -v "" file
  setfattr -n user.third -v 3 directory
  same "user.empty user.name" "$(getfattr file | sed '1d;/^$/d' | sort | one_line)" "the list"
  setfattr -x user.empty file
  same "user.name" "$(getfattr file | sed '1d;/^$/d')" "the list after removing one"
  refused "No such attribute" getfattr --only-values -n user.none file
  refused "No such attribute" setfattr -x user.none file
  same 3 "$(getfattr --only-values -n user.third directory)" "a directory's attribute"

  local large
  large=$(printf 'v%.0s' {1..2000})
  setfattr -n user.large -v "$large" file
  same "$large" "$(getfattr --only-values -n user.large file)" "a large value"
  local i
  for i in {1..20}; do
    setfattr -n "user.many.$i" -v "$i" directory
  done
  same 21 "$(getfattr directory | sed '1d;/^$/d' | wc -l)" "many attributes"
  cp --preserve=xattr file copy
  same "$large" "$(getfattr --only-values -n user.large copy)" "a copied attribute"
  refused "Operation not permitted" as_user setfattr -n trusted.x -v 1 file
  refused "Permission denied" as_user setfattr -n user.x -v 1 file
}

host_verify() {
  same another "$(getfattr --only-values -n user.name file)" "the attribute on the host"
}
