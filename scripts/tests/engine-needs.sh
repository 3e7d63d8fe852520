# shellcheck shell=sh
# Sourced, after say.sh: what the tests on the engine at DOCKER_HOST need, the
# images first. What can't be had is told of, and its tests are left out.

for file in servers/*/Dockerfile; do
  name=$(basename "$(dirname "$file")")
  scripts/images/build-image "servers/$name" "mcp/$name:latest"
done
scripts/images/build-image . mcp-docker-manager:latest
scripts/images/build-image test/servers mcpm-test/servers:latest
scripts/images/build-image test/servers/python mcpm-test/python:latest
MCPM_TEST_COMPAT=$(scripts/images/build-compat short)
export MCPM_TEST_COMPAT

# What test-mcp.sh and the manager's container need besides.
if ! command -v curl >/dev/null; then
  if [ "$(id -u)" -ne 0 ] || ! scripts/tools/apt-install curl; then
    say "curl is missing: the tests of test-mcp.sh are skipped. Install curl."
    export MCPM_TEST_WITHOUT_CURL=1
  fi
fi
if ! scripts/docker/compose version >/dev/null; then
  say "The tests of the manager in a container are skipped: see above."
  export MCPM_TEST_WITHOUT_COMPOSE=1
fi
if ! reason=$(scripts/tools/client-tools browser); then
  say "The test of web pages in a browser is left out: $reason."
fi
if ! scripts/tools/conformance-runner >/dev/null; then
  say "The conformance cases are skipped: see above."
  export MCPM_TEST_WITHOUT_CONFORMANCE=1
fi
