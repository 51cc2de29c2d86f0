# shellcheck shell=bash
# What Tests/Traces/sqlite is made of: a database with a write-ahead log is filled, changed and checked.

guest() {
  need sqlite3
  local rows
  rows=$(sqlite3 log.db "PRAGMA page_size=1024; PRAGMA journal_mode=wal; CREATE TABLE t(id INTEGER PRIMARY KEY, body TEXT);
    WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM n WHERE x<20) INSERT INTO t(body) SELECT 'row ' || x FROM n;
    UPDATE t SET body = 'changed' WHERE id % 3 = 0; SELECT count(*) FROM t WHERE body = 'changed';")
  same "wal 6" "${rows//$'\n'/ }" "the journal mode and the changed rows"
  sqlite3 log.db 'DELETE FROM t WHERE id % 7 = 0; PRAGMA wal_checkpoint(TRUNCATE);' >/dev/null
  echo 3 >/proc/sys/vm/drop_caches
  same ok "$(sqlite3 log.db 'PRAGMA integrity_check;')" "the integrity check"
}
