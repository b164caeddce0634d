#!/usr/bin/env bash
# Deploys a release: backup, migrate, activate, health, smoke. Options: --help
set -euo pipefail
exec "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/rollout.sh" deploy "$@"
