#!/usr/bin/env bash
# Runs the smoke tests of an environment (default: production). Options: --help
set -euo pipefail
exec "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/rollout.sh" smoke "$@"
