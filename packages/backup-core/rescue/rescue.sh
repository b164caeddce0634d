# shellcheck shell=sh disable=SC1003,SC2154,SC2016,SC2317
# The part that says what is done, in which order; the parts after it do it, each for its kind of source: plain_stage,
# pg_stage, cmd_stage. What is the backup's own comes from functions and variables that render-rescue.ts writes after
# them: zip_name, zip_sha256, made_of, stop_text, start_text, sources (a call of "s" for each source) and lines (calls of
# "f", "d", "l", "m" and "o" for each line), nested and filtered (names of sources).
set -u
# shellcheck disable=SC2034 # not every script has the part that wants them back
callers_umask=$(umask) callers_lc_all=${LC_ALL-}
umask 077
LC_ALL=C
export LC_ALL

say() { printf '%s\n' "$*"; }
die() {
  printf 'rescue: %s\n' "$1" >&2
  exit "${2:-1}"
}
# plural NUMBER WORD
plural() { if [ "$1" -eq 1 ]; then say "1 $2"; else say "$1 $2s"; fi; }
exists() { [ -e "$1" ] || [ -L "$1" ]; }
# has_line TEXT LINE
has_line() {
  case "
$1
" in
  *"
$2
"*) ;;
  *) return 1 ;;
  esac
}

usage() {
  say "usage: sh $(basename -- "$self") [--list] [--yes] [--to DIR] [--path SOURCE=PATH]… [--over SOURCE]… | --undo [--yes]"
  say ''
  say "Restores $zip_name, which must lie beside this script with its .sha256. Needs unzip and sha256sum, and psql and pg_restore for a"
  say 'database on a server, which PGHOST, PGPORT, PGUSER and PGPASSWORD (as psql takes them) say how to reach.'
  say '  --list              check the backup, show what would be replaced, and change nothing'
  say '  --yes               do not ask (for scripts)'
  say '  --to DIR            restore to DIR/SOURCE, and leave what is live alone'
  say '  --path SOURCE=PATH  where a source is live, if no longer where it was at the backup'
  say '                      (of data that commands load: the folder that those run in)'
  say '  --over SOURCE       load it though what is live there cannot be dumped first; that is lost'
  say '  --undo              put back what the last rescue with this script put aside'
}

# In a name, \0ooo (octal) stands for a byte that is not plain ASCII. The result is in $text.
decode() {
  case $1 in
  *\\*)
    text=$(printf '%b.' "$1")
    text=${text%.}
    ;;
  *) text=$1 ;;
  esac
}

check_self() {
  found=$(sed '$d' "$self" | sha256sum) || die 'this script cannot be read'
  [ "$(tail -n 1 "$self")" = "# sha256 ${found%% *}" ] ||
    die 'this script is not as it was written (changed, or cut off); get it from another copy. Nothing was changed' 8
}

check_zip() {
  [ -f "$zip" ] || die "$zip is missing: this script restores the backup that lies beside it" 8
  [ -f "$zip.sha256" ] || die "$zip.sha256 is missing: nothing says that the backup is what was written" 8
  read -r noted _ <"$zip.sha256" || die "$zip.sha256 cannot be read" 8
  say "checking $zip_name"
  found=$(sha256sum <"$zip") || die "$zip cannot be read" 8
  found=${found%% *}
  [ "$found" = "$noted" ] || die "$zip has the SHA-256 $found, $noted by its sidecar: it was changed, cut off or exchanged. Nothing was changed" 8
  [ "$found" = "$zip_sha256" ] || die "$zip has the SHA-256 $found, $zip_sha256 when this script was written. Nothing was changed" 8
}

# s NAME TYPE PATH FILES BYTES COMMON-MODE: sets what belongs to one source, and does $step for it.
s() {
  name=$1 type=$2 files=$4 bytes=$5 common_mode=$6
  decode "$3"
  live=$text
  while IFS='=' read -r over_name over_path; do
    [ "$over_name" = "$name" ] || continue
    [ "$type" != postgres ] || die "--path is for what lies on a disk; $name is the database $live" 2
    live=$over_path
  done <<OVERRIDES
$overrides
OVERRIDES
  if [ -n "$to" ]; then live=$to/$name; fi
  # The file behind a link is the database, with the logs beside it.
  if [ "$type" = sqlite ] && [ -L "$live" ]; then
    live=$(readlink -f -- "$live") || die "$live is a link that leads nowhere. Nothing was changed"
  fi
  parent=${live%/*}
  choose_kind
  : "${parent:=/}"
  work=$parent/.dhash-rescue-${zip_name%.zip}.$run
  raw=$work/$name/raw staged=$work/$name/new previous=$work/$name/previous absent=$work/$name/was-absent
  case $kind:$step in
  hand:show_source) show_by_hand ;;
  hand:*) ;;
  *:note_*) "$step" ;;
  *) "${kind}_$step" ;;
  esac
}
# How a source is restored: plain (renames on this disk), pg (a server), cmd (by commands), or by hand. With --to, a dump is a file.
choose_kind() {
  kind=plain
  [ -z "$to" ] || return 0
  case $type in
  postgres) pg_choose ;;
  command) cmd_choose ;;
  esac
}
each_source() {
  step=$1
  sources
}

show_by_hand() {
  if [ "$type" = command ]; then
    say "  $name ($type): NOT restored by this script, $by_hand. Hand its dump to the load command of rollout.yaml:"
    say "    unzip -p $zip_name '$name/dump' | LOAD"
  else
    say "  $name ($type): NOT restored by this script, $by_hand. Load its dump by hand into a new database, and point the service at it:"
    say "    createdb NEW && unzip -p $zip_name '$name/database.dump' | pg_restore --exit-on-error -d NEW"
  fi
}

check_room() {
  free=$(df -Pk "$parent" 2>/dev/null | awk 'NR == 2 { print $4 }')
  case $free in
  '' | *[!0-9]*) ;;
  *) [ "$state" = swapping ] || [ "$((bytes / 1024))" -lt "$free" ] || die "$parent has $free KiB free; $name needs $((bytes / 1024)). Nothing was changed" ;;
  esac
}

confirm() {
  if [ "$yes" = yes ]; then return; fi
  printf 'Type "%s" to go on: ' "$1"
  read -r answer || answer=
  [ "$answer" = "$1" ] || die 'not confirmed; nothing was changed'
}

note_first() { : "${first_work:=$work}"; }
note_newer() { if exists "$parent/.dhash-rescue-${zip_name%.zip}.$((run + 1))"; then newer=yes; fi; }
locate_run() {
  first_work=''
  each_source note_first
  state=new
  [ -n "$first_work" ] || {
    say "$zip_name holds $made_of."
    each_source show_source
    die 'this script can restore nothing of that by itself; with --to DIR it hands the dumps out'
  }
  if [ -d "$first_work" ]; then state=$(cat "$first_work/state" 2>/dev/null) || state=staging; fi
}
find_run() {
  run=1
  while :; do
    newer=no
    each_source note_newer
    [ "$newer" = yes ] || break
    run=$((run + 1))
  done
  locate_run
}
set_state() {
  sync
  printf '%s\n' "$1" >"$first_work/state.new" || die "$first_work/state.new cannot be written"
  mv "$first_work/state.new" "$first_work/state" || die "$first_work/state cannot be written"
  sync
  state=$1
}

undo() {
  case $state in
  swapping | done | undoing) ;;
  *) die 'there is nothing to undo: no rescue with this script has changed anything since the last undo' ;;
  esac
  say 'This puts back what was live before the rescue:'
  each_source show_aside
  each_source check_stopped
  confirm undo
  set_state undoing
  each_source swap_back
  set_state undone
  say "undone. What the rescue had put in place lies in $first_work and its like; remove it when nobody needs it."
}

restore() {
  case $state in
  undoing) die 'an undo was cut off: finish it first, with --undo' ;;
  done | undone)
    run=$((run + 1))
    locate_run
    ;;
  esac
  check_zip
  say "$zip_name: whole. It holds $made_of."
  if [ "$state" = swapping ]; then say 'A rescue was cut off while it swapped; this finishes it.'; fi
  say 'This replaces:'
  each_source show_source
  each_source check_place
  if [ "$list" = yes ]; then return; fi
  each_source check_stopped
  confirm restore
  if [ "$state" != swapping ]; then
    each_source stage
    each_source check_stopped
    set_state swapping
  fi
  each_source swap_in
  each_source check_live
  set_state 'done'
  say 'restored.'
  each_source show_aside
  if [ -n "$to" ]; then return; fi
  say "next: start the service${start_text:+: $start_text}"
  say "undo: stop the service, then: sh $self --undo"
  say "what was put aside stays until you remove it"
}

main() {
  case $0 in
  */*) self=$0 ;;
  *) self=./$0 ;;
  esac
  zip=$(dirname -- "$self")/$zip_name
  list=no yes=no undo=no to='' overrides='' over='' run=1 first_work=''
  while [ $# -gt 0 ]; do
    case $1 in
    --help | -h)
      usage
      exit 0
      ;;
    --list) list=yes ;;
    --yes) yes=yes ;;
    --undo) undo=yes ;;
    --to | --path | --over)
      [ $# -gt 1 ] || die "$1 wants a value; see --help" 2
      case $1$2 in
      --path?*=/*) overrides="$overrides
$2" ;;
      --over*) over="$over
$2" ;;
      --path*) die "--path wants SOURCE=/ABSOLUTE/PATH, not $2" 2 ;;
      *) to=$(cd -- "$2" 2>/dev/null && pwd) || die "--to: $2 is no folder" 2 ;;
      esac
      shift
      ;;
    *) die "$1 is no option; see --help" 2 ;;
    esac
    shift
  done
  for tool in unzip sha256sum sed find mv; do
    command -v "$tool" >/dev/null 2>&1 || die "$tool is missing here, and this script needs it" 2
  done
  check_self
  find_run
  if [ "$undo" = yes ]; then undo; else restore; fi
}
