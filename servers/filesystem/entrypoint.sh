#!/bin/sh
# Serves the folders given as arguments, else those of ALLOWED_PATHS, which are
# separated by colons.
set -eu

if [ "$#" -eq 0 ]; then
  set -f # a path is no pattern
  IFS=:
  # shellcheck disable=SC2086 # splits at the colons
  set -- ${ALLOWED_PATHS:-/data}
  unset IFS
fi

echo "filesystem server: serving $*" >&2
package=/opt/server/node_modules/@modelcontextprotocol/server-filesystem
exec node "$package/dist/index.js" "$@"
