# Sets $node: ROLLOUT_NODE, else the nearest node_modules/.bin/node above $here, else the system's.
node=${ROLLOUT_NODE:-}
folder=$here
while [ -z "$node" ] && [ "$folder" != / ]; do
  folder=$(dirname "$folder")
  if [ -x "$folder/node_modules/.bin/node" ]; then node=$folder/node_modules/.bin/node; fi
done
node=${node:-node}
if ! "$node" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 16) ? 0 : 1)' 2>/dev/null; then
  echo "error: Node 22.16 or newer is needed and $node is not one; run npm ci in the repository, or set ROLLOUT_NODE" >&2
  exit 1
fi
