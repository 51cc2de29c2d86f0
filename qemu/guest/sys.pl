#!/usr/bin/perl
# System calls that no shell command makes, for guest tests (amd64 numbers). Fails with strerror's words and status 1.
# Usage: sys.pl CALL ARGUMENT...; the calls are the subs below.
use strict;
use warnings;
use Fcntl qw(:DEFAULT :flock :seek);

my %number = (renameat2 => 316, linkat => 265, fallocate => 285, mknod => 133, copy_file_range => 326);
use constant { AT_FDCWD => -100, AT_SYMLINK_FOLLOW => 0x400, O_TMPFILE => 0x410000 };

sub failed { print STDERR "$_[0]: $!\n"; exit 1 }

# FLAGS FROM TO: 1 noreplace, 2 exchange, 4 whiteout.
sub renameat2 {
  my ($flags, $from, $to) = @_;
  syscall($number{renameat2}, AT_FDCWD, $from, AT_FDCWD, $to, $flags + 0) == 0 or failed("renameat2");
}

# DIRECTORY NAME TEXT: an unnamed file of DIRECTORY gets TEXT and then its NAME.
sub tmpfile {
  my ($directory, $name, $text) = @_;
  sysopen(my $file, $directory, O_RDWR | O_TMPFILE, 0640) or failed("O_TMPFILE");
  syswrite($file, $text) == length($text) or failed("write");
  my $path = "/proc/self/fd/" . fileno($file);
  syscall($number{linkat}, AT_FDCWD, $path, AT_FDCWD, $name, AT_SYMLINK_FOLLOW) == 0 or failed("linkat");
}

# NAME COUNT MARK: COUNT appends of one line each, MARK and a number, padded to 64 bytes.
sub append {
  my ($name, $count, $mark) = @_;
  sysopen(my $file, $name, O_WRONLY | O_APPEND | O_CREAT, 0644) or failed("open");
  for my $i (1 .. $count) {
    my $line = sprintf("%-63s\n", "$mark $i");
    syswrite($file, $line) == 64 or failed("write");
  }
}

# NAME TEXT: unlinks the open file, writes TEXT, and reads it back.
sub unlinked {
  my ($name, $text) = @_;
  sysopen(my $file, $name, O_RDWR | O_CREAT | O_EXCL, 0600) or failed("open");
  unlink($name) or failed("unlink");
  -e $name and do { print STDERR "$name is still there\n"; exit 1 };
  syswrite($file, $text) == length($text) or failed("write");
  truncate($file, length($text) + 5) or failed("ftruncate");
  chmod(0640, $file) or failed("fchmod");
  my @status = stat($file) or failed("fstat");
  $status[3] == 0 or do { print STDERR "an unlinked file has $status[3] links\n"; exit 1 };
  ($status[2] & 07777) == 0640 or do { print STDERR "fchmod of an unlinked file was lost\n"; exit 1 };
  $status[7] == length($text) + 5 or do { print STDERR "an unlinked file has $status[7] bytes\n"; exit 1 };
  sysseek($file, 0, SEEK_SET);
  sysread($file, my $back, 100000);
  $back eq $text . "\0" x 5 or do { print STDERR "an unlinked file gave back something else\n"; exit 1 };
}

# TYPE NAME: flock or fcntl; takes the lock that another process must then not get, and tells when it has it by a
# newline; gives it back at the end of its input.
sub lock {
  my ($type, $name) = @_;
  sysopen(my $file, $name, O_RDWR | O_CREAT, 0644) or failed("open");
  if ($type eq "flock") {
    flock($file, LOCK_EX | LOCK_NB) or failed("flock");
  } else {
    my $region = pack("s s x4 q q l x4", F_WRLCK, SEEK_SET, 0, 0, 0);
    fcntl($file, F_SETLK, $region) or failed("fcntl");
  }
  $| = 1;
  print "\n";
  <STDIN>;
}

# NAME: a socket of the file system, with one connection over it.
sub socket_talk {
  my ($name) = @_;
  require Socket;
  socket(my $listening, Socket::PF_UNIX(), Socket::SOCK_STREAM(), 0) or failed("socket");
  bind($listening, Socket::pack_sockaddr_un($name)) or failed("bind");
  listen($listening, 1) or failed("listen");
  socket(my $client, Socket::PF_UNIX(), Socket::SOCK_STREAM(), 0) or failed("socket");
  connect($client, Socket::pack_sockaddr_un($name)) or failed("connect");
  accept(my $server, $listening) or failed("accept");
  syswrite($client, "hello");
  sysread($server, my $back, 5);
  $back eq "hello" or do { print STDERR "the socket gave back something else\n"; exit 1 };
}

# NAME OFFSET TEXT: writes TEXT at OFFSET.
sub write_at {
  my ($name, $offset, $text) = @_;
  sysopen(my $file, $name, O_WRONLY | O_CREAT, 0644) or failed("open");
  sysseek($file, $offset, SEEK_SET) // failed("lseek");
  (syswrite($file, $text) // -1) == length($text) or failed("write");
}

# NAME FIRST COUNT: every second block of 4096 bytes from FIRST below COUNT; each begins with its number.
sub blocks {
  my ($name, $first, $count) = @_;
  sysopen(my $file, $name, O_WRONLY | O_CREAT, 0644) or failed("open");
  for (my $i = $first; $i < $count; $i += 2) {
    sysseek($file, $i * 4096, SEEK_SET) // failed("lseek");
    (syswrite($file, sprintf("%08d%4088s", $i, "")) // -1) == 4096 or failed("write");
  }
}

# NAME OFFSET LENGTH: prints what is there.
sub read_at {
  my ($name, $offset, $length) = @_;
  sysopen(my $file, $name, O_RDONLY) or failed("open");
  sysseek($file, $offset, SEEK_SET) // failed("lseek");
  sysread($file, my $text, $length) // failed("read");
  print $text;
}

# NAME: the offsets where data and holes begin, in turn.
sub map_holes {
  my ($name) = @_;
  sysopen(my $file, $name, O_RDONLY) or failed("open");
  my ($offset, $size, @map) = (0, -s $file);
  while ($offset < $size) {
    my $data = sysseek($file, $offset, 3) // last;
    my $hole = sysseek($file, $data + 0, 4) // failed("SEEK_HOLE");
    push @map, ($data + 0) . "-" . ($hole + 0);
    $offset = $hole + 0;
  }
  print "@map\n";
}

# FROM TO LENGTH: copy_file_range until LENGTH bytes are there.
sub copy_range {
  my ($from, $to, $length) = @_;
  sysopen(my $in, $from, O_RDONLY) or failed("open");
  sysopen(my $out, $to, O_WRONLY | O_CREAT, 0644) or failed("open");
  while ($length > 0) {
    my $copied = syscall($number{copy_file_range}, fileno($in), 0, fileno($out), 0, $length, 0);
    $copied > 0 or failed("copy_file_range");
    $length -= $copied;
  }
}

my ($call, @arguments) = @ARGV;
my $sub = defined $call ? main->can($call) : undef;
defined $sub or do { print STDERR "sys.pl: no such call\n"; exit 2 };
$sub->(@arguments);
