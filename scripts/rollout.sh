#!/usr/bin/env bash
# Runs a sub-command of dhash-rollout from this checkout, in the repository's own Node where it is
# installed. `exec`, so that the pid an operator sees and signals is the program itself.
set -euo pipefail
root=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")
node="$root/node_modules/.bin/node"
[[ -x $node ]] || node=node
command -v "$node" >/dev/null || {
  echo "error: no Node found; install Node 20 or newer, then run: npm ci" >&2
  exit 2
}
# Where memory is plenty, Node would keep 130 MB of garbage of its own accord: here it keeps 12.
exec "$node" --max-semi-space-size=4 "$root/scripts/rollout.js" "$@"
