# shellcheck shell=bash
# Names that a file system must take: 255 bytes, bytes that are no UTF-8, everything but '/' and NUL; and paths of 4095.

guest() {
  local long
  long=$(printf 'n%.0s' {1..255})
  echo "long" >"$long"
  same long "$(cat "$long")" "a name of 255 bytes"
  refused "File name too long" touch "${long}n"

  local odd=$'\xff\xfe bytes \x01\n\t*?"'
  echo "odd" >"$odd"
  same odd "$(cat "$odd")" "a name of odd bytes"
  mv "$odd" "$odd.moved"
  ln -s "$odd.moved" $'link \x80'
  same odd "$(cat $'link \x80')" "a symbolic link with odd bytes"
  same 3 "$(find . -mindepth 1 -print0 | tr -dc '\0' | wc -c)" "names in the directory"

  # 4095 bytes of path, from here: directories of 255 bytes, and a name for the rest.
  local part depth=0 path=. rest
  part=$(printf 'd%.0s' {1..255})
  while ((${#path} + 256 < 3900)); do
    path+=/$part
    depth=$((depth + 1))
  done
  mkdir -p "$path"
  rest=$((4095 - ${#path} - 1))
  rest=$(printf "%${rest}s" '' | tr ' ' 'r')
  rest=${rest:0:255}
  echo deep >"$path/$rest"
  same deep "$(cat "$path/$rest")" "a path of $((${#path} + 1 + ${#rest})) bytes"
}

host_verify() {
  local odd=$'\xff\xfe bytes \x01\n\t*?"'
  same odd "$(cat "$odd.moved")" "the odd name on the host"
  same 1 "$(find . -type f -name 'r*' | wc -l)" "the deep file on the host"
}
