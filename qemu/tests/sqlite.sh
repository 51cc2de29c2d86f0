# shellcheck shell=bash
# sqlite keeps a database in the share, with a rollback journal and, where memory can be shared, a write-ahead log; two
# writers take turns; the database stays whole.
# seconds: 120

guest() {
  need sqlite3
  local rows
  rows=$(pick 500 5000 50000)
  fill delete "$rows"
  # The log's index is a shared mapping, which the guest's kernel refuses for files it does not cache.
  if [[ $GUEST_CACHE == never ]]; then
    echo "cache=never has no shared mappings: no write-ahead log"
  else
    fill wal "$rows"
  fi
}

# JOURNAL ROWS: one database.
fill() {
  local file=$1.db rows=$2 writer
  same "$1" "$(sqlite3 "$file" "PRAGMA journal_mode=$1;")" "the journal mode"
  sqlite3 "$file" 'CREATE TABLE t(id INTEGER PRIMARY KEY, writer TEXT, body BLOB); CREATE INDEX i ON t(writer, id);'
  sqlite3 "$file" "BEGIN; WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM n WHERE x<$rows)
    INSERT INTO t(writer, body) SELECT 'first', randomblob(200) FROM n; COMMIT;"
  for writer in a b; do
    {
      echo '.timeout 60000'
      for _ in {1..20}; do
        echo "INSERT INTO t(writer, body) VALUES('$writer', randomblob(3000));"
      done
    } | sqlite3 "$file" &
  done
  wait -n
  wait -n
  same "$rows 20 20" "$(sqlite3 -separator ' ' "$file" "SELECT sum(writer='first'), sum(writer='a'), sum(writer='b') FROM t;")" \
    "rows by writer"
  sqlite3 "$file" "UPDATE t SET body = randomblob(100) WHERE id % 3 = 0; DELETE FROM t WHERE id % 7 = 0; VACUUM;"
  same ok "$(sqlite3 "$file" 'PRAGMA integrity_check;')" "the integrity check ($1)"
}

host_verify() {
  local file
  command -v sqlite3 >/dev/null || return 0
  for file in *.db; do
    same ok "$(sqlite3 "$file" 'PRAGMA integrity_check;')" "the integrity check of $file on the host"
  done
}
