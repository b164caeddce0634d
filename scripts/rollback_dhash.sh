#!/usr/bin/env bash
# Puts release and data back to what a backup holds. Options: --help
set -euo pipefail
exec "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/rollout.sh" rollback "$@"
