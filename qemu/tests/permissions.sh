# shellcheck shell=bash
# A user who is not root owns what it makes, is refused what it may not, and modes mean what they say.

host_prepare() {
  mkdir closed
  echo secret >closed/file
  chmod 0700 closed
  echo readable >root-file
  chmod 0600 root-file
}

guest() {
  need setpriv
  as_user mkdir mine
  as_user sh -c 'umask 027; echo text >mine/file; mkdir mine/directory; mkfifo mine/fifo; ln -s file mine/link'
  same "1000:1000 640" "$(stat -c '%u:%g %a' mine/file)" "a user's file"
  same "1000:1000 750" "$(stat -c '%u:%g %a' mine/directory)" "a user's directory"
  same "1000:1000 640" "$(stat -c '%u:%g %a' mine/fifo)" "a user's fifo"
  same "1000:1000" "$(stat -c '%u:%g' mine/link)" "a user's symbolic link"
  as_user sh -c 'umask 0; echo text >mine/open'
  same 666 "$(stat -c %a mine/open)" "a file made with umask 0"

  refused "Permission denied" as_user cat root-file
  refused "Permission denied" as_user ls closed
  refused "Permission denied" as_user cat closed/file
  refused "Permission denied" as_user sh -c 'echo x >>root-file'
  refused "Operation not permitted" as_user chmod 0666 root-file
  refused "Operation not permitted" as_user chown 1000 root-file
  refused "Operation not permitted" as_user chown 0 mine/file
  as_user chgrp 2000 mine/file
  same 2000 "$(stat -c %g mine/file)" "the group after chgrp to one of the user's"
  same readable "$(cat root-file)" "root's file, for root"

  # The group's bits count for a supplementary group.
  chown 0:2000 root-file
  chmod 0640 root-file
  same readable "$(as_user cat root-file)" "a file of a supplementary group"
  chown 0:0 root-file

  # A set-group-ID directory gives its group to what is made in it, and the bit to directories.
  mkdir shared
  chown 0:1000 shared
  chmod 02775 shared
  as_user sh -c 'echo x >shared/file; mkdir shared/sub'
  same "1000:1000" "$(stat -c %u:%g shared/file)" "a file in a set-group-ID directory"
  chown 0:3000 shared
  chmod 02777 shared
  as_user sh -c 'echo x >shared/file2; mkdir shared/sub2'
  same 3000 "$(stat -c %g shared/file2)" "the group of a file in a set-group-ID directory"
  same "3000 2755" "$(stat -c '%g %a' shared/sub2)" "a directory in a set-group-ID directory"

  # The sticky bit.
  mkdir sticky
  chmod 01777 sticky
  echo root >sticky/roots
  refused "Operation not permitted" as_user rm -f sticky/roots
  as_user sh -c 'echo x >sticky/own; rm sticky/own'

  # Privileges of a file end when somebody else than root writes to it, or its owner changes.
  echo x >mine/program
  chown 1000:1000 mine/program
  chmod 06755 mine/program
  as_user sh -c 'echo more >>mine/program'
  same 755 "$(stat -c %a mine/program)" "the mode of a set-user-ID file after a write"
  chmod 04755 mine/program
  chown 1001 mine/program
  same 755 "$(stat -c %a mine/program)" "the mode of a set-user-ID file after chown"

  # A file that is made read-only stays writable for who made it so.
  as_user sh -c 'umask 0777; exec 4>mine/nothing; echo text >&4'
  same "0 5" "$(stat -c '%a %s' mine/nothing)" "a file made with mode 0"
}

host_verify() {
  same "1000:2000 640" "$(stat -c '%u:%g %a' mine/file)" "the user's file on the host"
  same secret "$(cat closed/file)" "the closed directory's file on the host"
}
