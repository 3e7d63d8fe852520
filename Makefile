# Every target is a script in scripts/ or one line. MCPM_* and DOCKER_HOST are
# passed through, from the environment or as in `make dev MCPM_PORT=9000`.
MAKEFLAGS += --no-print-directory
unexport CDPATH
.NOTPARALLEL:

.PHONY: help demo test test-engines test-clients test-compat test-openapi check build \
  build-manager start stop restart logs dev clean conformance fuzz chaos model \
  soak bench release-proto

help: ## show this list
	@awk -F ':.*## ' '/^[a-z<>%-]+:.*## / \
	  { sub("%", "<name>", $$1); printf "make %-13s %s\n", $$1, $$2 }' Makefile

# MCPM_RUNTIME=process: the same on a plain process, without an engine.
demo: ## call a tool of a real MCP server in a container, through gRPC
	@scripts/demo

test: ## run every check and test, those on a real engine included
	@scripts/test

test-clients: ## call the manager from TypeScript, a browser, Python, Go, Java
	@scripts/tests/test-clients $(CLIENTS)

# ENGINE=26|28|29|29-overlay2|userns|rootless|podman: that one alone;
# TESTS="test/e2e/lifecycle": those alone.
test-engines: ## try the engines that users have, each beside this machine's
	@scripts/tests/test-engines $(ENGINE)

check: ## run the checks and unit tests that need no engine
	@scripts/toolchain && scripts/with-node npm run --silent check

conformance: ## run Connect's conformance cases against the listener
	@scripts/conformance

fuzz: ## look for inputs that break a promise, MINUTES=1 long
	@scripts/tests/fuzz

test-openapi: ## try the REST routes from /openapi.json, EXAMPLES=20 requests each
	@scripts/tests/test-openapi

# NAMES="time git": these alone.
test-compat: ## try servers of npm, PyPI, Go and crates.io, write docs/servers.md
	@scripts/tests/test-compat $(NAMES)

release-proto: ## save the contract that later versions must not break
	@scripts/toolchain && scripts/with-node npm run --silent release-proto

chaos: ## kill the manager ROUNDS=100 times while it works
	@scripts/tests/chaos

model: ## compare a fleet with its model, MINUTES=10 long
	@scripts/tests/model

soak: ## run twenty servers under all clients and random faults, MINUTES=5 long
	@scripts/tests/soak

bench: ## run the benchmarks: bench/README.md; SHORT=1 as in CI
	@scripts/bench

bench-%: ## run bench/<name>.ts alone
	@scripts/bench $*

build: build-manager ## build the images of the manager and of all servers
	@for file in servers/*/Dockerfile; do \
	  scripts/images/build-server "$$(basename "$$(dirname "$$file")")" || exit; done

build-manager: ## build the manager's image
	@scripts/images/build-manager

build-%: ## build servers/<name> as mcp/<name>:latest
	@scripts/images/build-server $*

start: ## run the manager in a container, with the settings MCPM_*
	@scripts/manager/start

stop: ## stop that manager; its servers go on
	@scripts/manager/stop

restart: ## restart that manager, with its settings
	@scripts/manager/restart

logs: ## follow that manager's log
	@exec scripts/manager/logs

dev: ## run the manager from source in the foreground, with MCPM_*
	@exec scripts/manager/dev

clean: ## remove all containers, volumes and networks of MCPM_FLEET
	@scripts/clean
