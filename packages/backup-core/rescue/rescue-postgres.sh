# shellcheck shell=sh disable=SC2154,SC2034,SC2317
# The part of a rescue script for databases on a PostgreSQL server. libpq's variables say how that is reached (PGHOST,
# PGPORT, PGUSER, PGPASSWORD or PGPASSFILE): a script that is copied about holds no address and no password.
# pg_like and pg_count, which print SQL, are written after it.
PGCLIENTENCODING=UTF8
PGAPPNAME=dhash-rescue
# What the service sets for its own sessions, on its role or database, is no limit of ours.
PGOPTIONS="${PGOPTIONS:+$PGOPTIONS }-c default_transaction_read_only=off -c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0"
export PGCLIENTENCODING PGAPPNAME PGOPTIONS

# Databases stand in for the paths of a plain source; the state of a run lies beside the zip.
pg_choose() {
  kind=hand
  for tool in psql pg_restore; do
    command -v "$tool" >/dev/null 2>&1 || {
      by_hand="as $tool is not here"
      return
    }
  done
  stamp=${zip_name#dhash_}
  pg_staged=${live}_rescue_${stamp%%_*}_$run pg_previous=${live}_before_${stamp%%_*}_$run
  # PostgreSQL would cut a longer name off, and two could become one.
  by_hand="as \"$live\" is too long a name"
  [ "${#pg_staged}" -le 63 ] || return
  kind=pg parent=${zip%/*}
}

# Runs the SQL of its input on the database $1. In it, :"live", :"staged" and :"previous" are this source's.
pg_sql() {
  PGDATABASE=$1 psql -X -w -q -A -t -v ON_ERROR_STOP=1 -v live="$live" -v staged="$pg_staged" -v previous="$pg_previous"
}
pg_failed() { die "$1. Nothing live was changed; start this script again when that is mended"; }

# A database to look from, in $door: not each server lets everybody into "postgres", and nobody renames the one that he is in.
pg_find_door() {
  for door in postgres template1; do
    [ "$door" = "$live" ] || ! printf 'SELECT;\n' | pg_sql "$door" >/dev/null 2>&1 || return 0
  done
  door=postgres
}
# Which of the three there are, for pg_has.
pg_look() {
  pg_find_door
  pg_there=$(
    pg_sql "$door" <<'SQL'
SELECT CASE datname WHEN :'live' THEN 'live' WHEN :'staged' THEN 'staged' ELSE 'previous' END
  FROM pg_database WHERE datname IN (:'live', :'staged', :'previous');
SQL
  ) || die "the PostgreSQL server of $name could not be asked: say by PGHOST, PGPORT, PGUSER and PGPASSWORD where it is and who you are, and start this script again"
}
pg_has() { has_line "$pg_there" "$1"; }

pg_show_source() {
  pg_look
  if ! pg_has live; then
    say "  $name ($type): there is no database $live; a dump of $(plural "$bytes" byte) comes, into one with no owner, rights or settings of its own"
    return
  fi
  size=$(printf "SELECT pg_size_pretty(pg_database_size(:'live'));\n" | pg_sql "$door" 2>/dev/null) || size='unknown size'
  say "  $name ($type): the database $live, $size; put aside as $pg_previous, and a dump of $(plural "$bytes" byte) comes"
}
# What the server has room for is not ours to see.
pg_check_place() { :; }
pg_check_stopped() {
  pg_find_door
  sessions=$(printf "SELECT count(*) FROM pg_stat_activity WHERE datname = :'live';\n" | pg_sql "$door") ||
    pg_failed "the sessions of $live could not be counted"
  [ "$sessions" = 0 ] || say "  $(plural "$sessions" session) in $live: be sure that the service is stopped${stop_text:+ ($stop_text)}; whoever is in it is sent out when it is put aside"
}

# t ROW: a table and its rows, as pg_count prints them.
t() {
  [ "$pass" = rows ] || return 0
  decode "$1"
  printf '%s\n' "$text"
}
pg_stage() {
  mkdir -p "$work/$name" || die "$work cannot be made"
  say "restoring $name into the database $pg_staged"
  printf 'SET client_min_messages = warning;\nDROP DATABASE IF EXISTS :"staged";\n' | pg_sql "$door" ||
    pg_failed "$pg_staged, of a rescue before, could not be dropped"
  pg_like | pg_sql "$door" || pg_failed "$pg_staged could not be made as $live is"
  pg_look
  pg_has staged || printf 'CREATE DATABASE :"staged" TEMPLATE template0;\n' | pg_sql "$door" ||
    pg_failed "$pg_staged could not be made"
  unzip -p "$zip" "$name/database.dump" |
    PGDATABASE=$pg_staged pg_restore -w --exit-on-error --single-transaction -d '' ||
    pg_failed "the dump of $name could not be restored into $pg_staged"
  pass=rows
  lines "$name" | sort >"$work/$name/rows.backup"
  pg_count | pg_sql "$pg_staged" >"$work/$name/rows" || pg_failed "the rows of $pg_staged could not be counted"
  sort "$work/$name/rows" >"$work/$name/rows.restored"
  differ=$(cat "$work/$name/rows.backup" "$work/$name/rows.restored" | sort | uniq -u)
  [ -z "$differ" ] || {
    printf '%s\n' "$differ" >&2
    die "$pg_staged does not have the rows of the backup. Nothing live was changed" 8
  }
}

# pg_rename FROM TO [FROM TO]: in one transaction, with nobody in them. A door that stays shut is opened by the next run.
pg_rename() {
  shut='' moved=''
  while [ $# -gt 0 ]; do
    shut="${shut}ALTER DATABASE :\"$1\" ALLOW_CONNECTIONS false;
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :'$1' AND pid <> pg_backend_pid();
"
    moved="${moved}ALTER DATABASE :\"$1\" RENAME TO :\"$2\";
ALTER DATABASE :\"$2\" ALLOW_CONNECTIONS true;
"
    shift 2
  done
  printf '%sBEGIN;\n%sCOMMIT;\n' "$shut" "$moved" | pg_sql "$door" >/dev/null ||
    die "the databases of $name could not be renamed; start this script again when that is mended, or with --undo"
}
pg_all_there() { die "the databases $live, $pg_staged and $pg_previous all exist: look at them, and start this script again"; }

pg_swap_in() {
  pg_look
  pg_has staged || return 0
  if pg_has live; then
    ! pg_has previous || pg_all_there
    pg_rename live previous staged live
  else
    pg_has previous || : >"$absent" || die "$absent cannot be written"
    pg_rename staged live
  fi
}
pg_swap_back() {
  pg_look
  if pg_has previous; then
    if pg_has live; then
      ! pg_has staged || pg_all_there
      pg_rename live staged previous live
    else
      pg_rename previous live
    fi
  elif exists "$absent" && pg_has live && ! pg_has staged; then
    pg_rename live staged
  elif pg_has live; then
    printf 'ALTER DATABASE :"live" ALLOW_CONNECTIONS true;\n' | pg_sql "$door" || die "$live could not be opened again; start this script again"
  fi
}
pg_check_live() {
  pg_look
  pg_has live || die "the database $live is missing: look for $pg_staged and $pg_previous, and start this script again"
}
# Without a look at the server: killed after its state is "done", a rescue that is run again is another one.
pg_show_aside() { exists "$absent" || say "  the database $live was put aside: $pg_previous"; }
