#!/usr/bin/env bash
# Backs an environment up; verifies, lists and prunes backups. Options: --help
set -euo pipefail
exec "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/rollout.sh" backup "$@"
