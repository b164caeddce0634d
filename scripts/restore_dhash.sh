#!/usr/bin/env bash
# Brings one source, folder or file of a backup back beside what is live. Options: --help
set -euo pipefail
exec "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/rollout.sh" restore "$@"
