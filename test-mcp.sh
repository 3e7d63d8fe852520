#!/bin/sh
# test-mcp.sh: checks a running manager with curl alone: it starts a server,
# talks to it, calls a tool, stops it. MCPM_URL is the manager, which is
# http://localhost:8080 unless set. Needs the image mcp/filesystem:latest
# (make build-filesystem) and curl from 7.76. Ends 1 when a check fails.
set -eu

url=${MCPM_URL:-http://localhost:8080}
# Nobody's server: the checks stop it at the end.
server=$url/servers/test-mcp-$$
failed=0

# get URL, post URL BODY: prints the answer; fails unless its status is 200.
get() {
  curl --silent --show-error --fail-with-body --max-time 60 "$@"
}

post() {
  get "$1" --header 'Content-Type: application/json' --data "$2"
}

# check TITLE PATTERN COMMAND...: whether the command's answer has the pattern.
check() {
  title=$1
  pattern=$2
  shift 2
  if answer=$("$@" 2>&1) && printf '%s\n' "$answer" | grep -q "$pattern"; then
    printf '✓ %s\n' "$title"
    return
  fi
  failed=$((failed + 1))
  printf '✗ %s\n' "$title"
  printf '%s\n' "$answer" | cut -c 1-500 | sed 's/^/  /'
}

command -v curl >/dev/null || {
  echo "Error: curl is missing: install it." >&2
  exit 1
}
trap 'post "$server/stop" "{}" >/dev/null 2>&1 || true' EXIT
trap 'exit 130' INT TERM

echo "Checking the manager at $url"
check "Health check of the manager" '"status": *"ok"' get "$url/health"
# NEVER: Docker Hub has another image of this name.
check "Start of an MCP server" '"SERVER_STATE_READY"' post "$server/start" \
  '{"image": "mcp/filesystem:latest", "pull_policy": "PULL_POLICY_NEVER"}'
check "Communication with the server" '"list_directory"' get "$server/tools"
check "Call of an MCP tool" '"isError": *false' post "$server/call" \
  '{"tool": "list_directory", "arguments": {"path": "/data"}}'
check "Stop of the server" '"found": *true' post "$server/stop" '{}'

echo "$((5 - failed)) passed, $failed failed"
[ "$failed" -eq 0 ]
