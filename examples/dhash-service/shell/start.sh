#!/bin/sh
# Starts this release as a daemon; says on which port, or why not.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
. "$here/find-node.sh"
exec "$node" "$here/control.js" start
