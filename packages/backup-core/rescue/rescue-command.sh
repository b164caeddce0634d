# shellcheck shell=sh disable=SC2154,SC2034,SC2317
# The part of a rescue script for data that only commands can reach. What is live can't be put aside by a rename: it is
# dumped before anything is swapped, and an undo loads that dump. cmd_has, cmd_text and cmd_line, which know the
# commands of each source, are written after it; $live is the folder that they run in.
cmd_choose() {
  kind=hand
  by_hand="as its commands hold a secret, and this script holds none"
  ! cmd_has load || kind=cmd parent=${zip%/*}
}

# Runs one as the tool does: where it belongs, and without what this script has set for itself.
cmd_run() (
  cd -- "$live" || exit 1
  umask "$callers_umask"
  unset LC_ALL
  [ -z "$callers_lc_all" ] || export LC_ALL="$callers_lc_all"
  cmd_line "$1"
)
is_over() { has_line "$over" "$name"; }

cmd_stopped() { say "    Whether something still writes to $name cannot be told: be sure that the service is stopped${stop_text:+ ($stop_text)}."; }
cmd_show_source() {
  say "  $name ($type): a dump of $(plural "$bytes" byte) is loaded over what is live, by (in $live):"
  say "    $(cmd_text load)"
  if is_over; then
    say "    NOTHING of what is live is kept (--over $name): --undo cannot bring it back"
  else
    say '    What is live cannot be put aside by a rename. It is dumped first, which --undo loads again, by:'
    say "    $(cmd_text dump)"
  fi
  cmd_stopped
}
cmd_check_place() {
  [ -d "$live" ] || die "the folder $live, where the commands of $name run, is not there: make it, or say --path $name=…. Nothing was changed"
  check_room
}
# A restore has said so where it shows what it will do.
cmd_check_stopped() { [ "$undo" = no ] || cmd_stopped; }

cmd_verify() {
  ! cmd_has verify || cmd_run verify <"$1" >/dev/null || die "the verify command of $name refuses $2. Nothing live was changed"
}
cmd_stage() {
  mkdir -p "$work/$name" || die "$work cannot be made"
  say "unpacking $name"
  unzip -p "$zip" "$name/dump" >"$staged" || die "unzip could not unpack $name. Nothing live was changed"
  pass=sums
  noted=$(lines "$name")
  found=$(sha256sum <"$staged")
  [ "${found%% *}" = "${noted%% *}" ] || die "$name is not what its manifest says. Nothing live was changed" 8
  cmd_verify "$staged" 'the dump of the backup'
  # Of a rescue that was cut off before it loaded anything: what is live may be another by now.
  rm -f "$previous"
  ! is_over || return 0
  say "dumping what is live of $name"
  if cmd_run dump </dev/null >"$previous.part" && [ -s "$previous.part" ]; then
    cmd_verify "$previous.part" "what the dump command made of what is live (--over $name restores without it)"
    mv "$previous.part" "$previous" || die "$previous cannot be made"
  else
    die "what is live of $name could not be dumped, and would be lost. Nothing live was changed: mend that, or, where it is lost already, start this script with --over $name"
  fi
}

cmd_load() {
  say "loading $name"
  cmd_run load <"$1" >/dev/null || die "the load command of $name failed: what is live there may be half of one and half of the other; start this script again when that is mended${2:-}"
}
cmd_swap_in() {
  ! exists "$work/$name/loaded" || return 0
  : >"$work/$name/begun" || die "$work cannot be written"
  cmd_load "$staged" ', or with --undo'
  : >"$work/$name/loaded" || die "$work cannot be written"
}
cmd_swap_back() {
  exists "$work/$name/begun" || return 0
  exists "$previous" || {
    say "  $name stays as the rescue loaded it: what was live before was not dumped (--over $name)"
    return 0
  }
  cmd_load "$previous"
  rm -f "$work/$name/loaded" "$work/$name/begun"
}
cmd_check_live() { :; }
cmd_show_aside() { ! exists "$previous" || say "  what was live of $name was dumped: $previous"; }
