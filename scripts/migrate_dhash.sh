#!/usr/bin/env bash
# Runs the migrations of an environment, or tries them on a copy of its data. Options: --help
set -euo pipefail
exec "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/rollout.sh" migrate "$@"
