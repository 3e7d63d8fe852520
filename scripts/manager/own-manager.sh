# shellcheck shell=sh
# Sourced, after say.sh, by the scripts that run a manager of their own: from
# source, with a fleet that nobody else has, on a free port. They set:
#   runtime docker or process
#   work    a folder for the manager's log
#   doing   what they are at, for the message when they fail
# and get MCPM_FLEET, MCPM_PORT, and `origin`, where the manager listens.

manager=

# Whatever the environment says is for another manager.
own_settings() {
  for name in $(env | sed -n 's/^\(MCPM_[A-Z_]*\)=.*/\1/p'); do
    unset "$name"
  done
  MCPM_FLEET=$1-$(od -An -N4 -tx1 /dev/urandom | tr -d ' \n')
  MCPM_PORT=$(free_port)
  export MCPM_FLEET MCPM_PORT
  origin=http://127.0.0.1:$MCPM_PORT
}

free_port() {
  node -e '
    const server = require("node:net").createServer()
    server.listen(0, "127.0.0.1", () => {
      console.log(server.address().port)
      server.close()
    })
  '
}

# rpc METHOD REQUEST
rpc() {
  node_modules/.bin/buf curl --schema proto --protocol grpc \
    --data "$2" "$origin/mcpmanager.v1.ManagerService/$1"
}

wait_for_manager() {
  give_up=$(($(date +%s) + 30))
  until rpc GetInfo '{}' >/dev/null 2>&1; do
    kill -0 "$manager" 2>/dev/null && [ "$(date +%s)" -lt "$give_up" ] ||
      return 1
    sleep 0.2
  done
}

start_manager() {
  # What it keeps goes with it.
  MCPM_STATE_DIR=${MCPM_STATE_DIR:-$(cd "$work" && pwd)/state}
  export MCPM_STATE_DIR
  scripts/with-node node src/main.ts >"$work/manager.log" 2>&1 </dev/null &
  manager=$!
  step "Waiting until the manager answers" wait_for_manager
}

stop_manager() {
  give_up=$(($(date +%s) + 15))
  kill -TERM "$manager" 2>/dev/null || true
  while kill -0 "$manager" 2>/dev/null; do
    [ "$(date +%s)" -lt "$give_up" ] || kill -KILL "$manager"
    sleep 0.1
  done
  stopped=0
  wait "$manager" || stopped=$?
  manager=
  return "$stopped"
}

# Leaves nothing behind, however the script ends.
clean_up_on_exit() {
  trap finish EXIT
  trap 'exit 130' INT TERM
}

finish() {
  status=$?
  trap '' INT TERM
  trap - EXIT
  [ -z "$manager" ] || stop_manager || true
  # Processes end with their manager.
  [ "$runtime" = process ] || scripts/clean 2>/dev/null || true
  if [ "$status" -ne 0 ] && [ "$status" -ne 130 ]; then
    tail -n 20 "$work/manager.log" >&2 || true
    say "Error: $(basename "$0") failed while $doing: see the lines above."
  fi
  rm -rf "$work"
  exit "$status"
}
