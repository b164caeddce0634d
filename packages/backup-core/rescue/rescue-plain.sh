# shellcheck shell=sh disable=SC2154,SC2034,SC2016,SC2317
# The part of every rescue script for what lies on this disk, and for dumps that are handed out (--to): it is staged beside
# what is live, checked, and renamed into its place. f, d, l and m are called by "lines", once for each line of a source.

plain_show_source() {
  if ! exists "$live"; then
    say "  $name ($type): $live is not there; $(plural "$files" file), $(plural "$bytes" byte) come"
    return
  fi
  size=$(du -sk "$live" 2>/dev/null | cut -f 1)
  newest=$(find "$live" -type f -exec stat -c %Y {} + 2>/dev/null | sort -n | tail -n 1)
  if [ -n "$newest" ]; then newest=$(date -u -d "@$newest" '+%Y-%m-%d %H:%M:%S UTC' 2>/dev/null); fi
  say "  $name ($type): $live, ${size:-?} KiB, newest change ${newest:-unknown}; put aside, and $(plural "$files" file), $(plural "$bytes" byte) come"
  case " $filtered " in
  *" $name "*) [ -n "$to" ] || say "  what backups of $name leave out is put aside with it: move that back afterwards, from $previous" ;;
  esac
}

# Where nothing can be asked, that is said: a service that writes during the swap loses what it writes.
plain_check_stopped() {
  exists "$live" || return 0
  if [ -d /proc/self/fd ]; then
    real=$(readlink -f -- "$live") || real=$live
    holder=$(
      for fds in /proc/[0-9]*/fd; do
        # shellcheck disable=SC2012 # one process for all links, of names that can be odd but not forged
        ls -l "$fds" 2>/dev/null | sed -n 's/^.* -> //p' | while IFS= read -r open_file; do
          case $open_file in
          "$real" | "$real"/* | "$real"-wal | "$real"-shm | "$real"-journal) say "$fds" ;;
          esac
        done
      done | sed -n '1s,^/proc/\([0-9]*\)/fd$,\1,p'
    )
    [ -z "$holder" ] || die "the process $holder has $live open: stop the service first${stop_text:+ ($stop_text)}. Nothing was changed"
  elif command -v fuser >/dev/null 2>&1; then
    ! fuser "$live" >/dev/null 2>&1 || die "$live is open: stop the service first${stop_text:+ ($stop_text)}. Nothing was changed"
  else
    say "  whether a process has $live open cannot be told here (no /proc, no fuser): be sure that the service is stopped"
  fi
}

plain_is_mount() {
  if command -v mountpoint >/dev/null 2>&1; then mountpoint -q "$1"; else [ "$(stat -c %d "$1")" != "$(stat -c %d "$1/..")" ]; fi
}

plain_check_place() {
  if [ -z "$to" ] && [ "$state" != swapping ] && exists "$live"; then
    case " $nested " in
    *" $name "*) die "$live holds a database that is a source of its own, and they cannot be swapped one after the other: restore with --to DIR, and move them to their places. Nothing was changed" ;;
    esac
    [ "$type" != files ] || ! plain_is_mount "$live" || die "$live is a mount point, which nothing can move: restore with --to DIR, and copy from there. Nothing was changed"
  fi
  [ -d "$parent" ] || die "the folder $parent, where $name belongs, is not there: make it, or say --path $name=…. Nothing was changed"
  if [ -n "$to" ] && exists "$live" && [ "$state" != swapping ]; then
    die "$live exists already: --to wants a folder without it. Nothing was changed"
  fi
  check_room
}

# --- stage: beside the live data, checked, then durable ------------------------------------------

plain_stage() {
  mkdir -p "$work/$name" || die "$work cannot be made"
  rm -rf "$raw" "$staged"
  mkdir -p "$raw/$name" || die "$raw cannot be made"
  say "unpacking $name"
  if [ "$files" -gt 0 ]; then
    # -UU: names are the bytes in the zip, whatever the locale. busybox has no such option, and does just that.
    unzip -q -UU "$zip" "$name/*" -d "$raw" 2>/dev/null || {
      rm -rf "$raw"
      mkdir -p "$raw"
      unzip -q "$zip" "$name/*" -d "$raw" || die "unzip could not unpack $name. Nothing live was changed"
    }
  fi
  pass=sums
  lines "$name" >"$work/$name/sums" || die "$work cannot be written"
  if [ "$files" -gt 0 ]; then
    (cd "$raw" && sha256sum -c ../sums >../sums.log 2>&1) || {
      grep -v ': OK$' "$work/$name/sums.log" >&2
      die "$name is not what its manifest says. Nothing live was changed" 8
    }
  fi
  count=$(find "$raw" -type f | wc -l)
  [ "$((count))" -eq "$files" ] || die "$name has $(plural "$((count))" file), $files by its manifest. Nothing live was changed" 8
  # Out of the way of a folder that is truly called so.
  if [ -d "$raw/$name/~n" ]; then mv "$raw/$name/~n" "$raw/~n"; fi
  pass=place
  lines "$name"
  find "$raw/$name" -type d -exec chmod 755 {} +
  find "$raw/$name" -type f -exec chmod "$common_mode" {} +
  # Whoever ran the service must be able to go on reading and writing. Modes come last: a new owner takes setuid away.
  if exists "$live" && owner=$(stat -c %u:%g "$live" 2>/dev/null); then
    if chown -hR "$owner" "$raw/$name" 2>/dev/null; then
      pass=owners
      lines "$name"
    else
      say "  the owner of $live ($owner) could not be given to what comes"
    fi
  fi
  pass=modes
  lines "$name"
  if [ "$type" = sqlite ]; then
    mv "$raw/$name/$database" "$staged" || die "$staged cannot be made"
  else
    mv "$raw/$name" "$staged" || die "$staged cannot be made"
  fi
  rm -rf "$raw"
}

inside() {
  decode "${2:-$1}"
  place=$raw/$name/$text
}
# f SHA256 MODE TIME STORED [TRUE]: a file.
f() {
  case $pass in
  sums)
    decode "$4"
    printf '%s  %s\n' "$1" "$name/$text"
    ;;
  place)
    if [ -n "${5:-}" ]; then
      inside "$5"
      mkdir -p "${place%/*}"
      mv "$raw/$4" "$place" || die "$place cannot be made"
    fi
    inside "$4" "${5:-}"
    database=$text
    ;;
  modes)
    inside "$4" "${5:-}"
    [ "$2" = "$common_mode" ] || chmod "$2" "$place" || die "$place cannot be given its mode"
    # Not each touch knows fractions of a second.
    touch -d "$3" "$place" 2>/dev/null || {
      seconds=${3%%.*}
      TZ=UTC0 touch -d "${seconds%T*} ${seconds#*T}" "$place"
    }
    ;;
  esac
}
# d STORED [TRUE]: an empty folder.
d() {
  [ "$pass" = place ] || return 0
  inside "$1" "${2:-}"
  mkdir -p "$place" || die "$place cannot be made"
}
# l TARGET STORED [TRUE]: a link. After all files, so that nothing is written through one.
l() {
  [ "$pass" = place ] || return 0
  inside "$2" "${3:-}"
  mkdir -p "${place%/*}"
  decode "$1"
  ln -s -- "$text" "$place" || die "$place cannot be made"
}
# m MODE PATH: a folder whose mode is not 755; the deepest first.
m() {
  [ "$pass" = modes ] || return 0
  inside "$2"
  chmod "$1" "$place" || die "$place cannot be given its mode"
}

# o OWNER:GROUP STORED [TRUE]: whose it is, where that is another than most.
o() {
  [ "$pass" = owners ] || return 0
  inside "$2" "${3:-}"
  chown -h "$1" "$place" 2>/dev/null || say "  the owner $1 could not be given to $place"
}

# --- swap: renames only; what is still to do is decided by what exists ---------------------------

move() {
  ! exists "$2" || die "both $1 and $2 exist: is the service running? Stop it, look at both, and start this script again"
  mv "$1" "$2" || die "$1 could not be moved to $2; start this script again when that is mended"
}
# A database's -wal, -shm and -journal go before it: a log beside another's database destroys it.
move_logs() {
  [ "$type" = sqlite ] || return 0
  for log in -wal -shm -journal; do
    if exists "$1$log"; then move "$1$log" "$2$log"; fi
  done
}

plain_swap_in() {
  exists "$staged" || return 0
  if exists "$live"; then
    ! exists "$previous" || die "$live came back while it was put aside (at $previous): is the service running?"
    move_logs "$live" "$previous"
    move "$live" "$previous"
  elif ! exists "$previous"; then
    move_logs "$live" "$previous"
    : >"$absent" || die "$absent cannot be written"
  fi
  move "$staged" "$live"
}

plain_swap_back() {
  if exists "$previous"; then
    if exists "$live"; then
      move_logs "$live" "$staged"
      move "$live" "$staged"
    fi
    move "$previous" "$live"
  elif exists "$absent" && exists "$live" && ! exists "$staged"; then
    move_logs "$live" "$staged"
    move "$live" "$staged"
  fi
  move_logs "$previous" "$live"
}

plain_check_live() { exists "$live" || die "$live is missing: look in $work, and start this script again"; }
plain_show_aside() { if exists "$previous"; then say "  $live was put aside: $previous"; fi; }
