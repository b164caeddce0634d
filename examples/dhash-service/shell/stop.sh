#!/bin/sh
# Ends the daemon of the data folder that this release is laid in; nothing to do is fine.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
. "$here/find-node.sh"
exec "$node" "$here/control.js" stop
