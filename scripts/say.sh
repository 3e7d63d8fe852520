# shellcheck shell=sh
# Sourced: how the scripts talk to the person who runs them. All of it goes to
# stderr, because some scripts print a value on stdout.

say() {
  printf '==> %s\n' "$*" >&2
}

fail() {
  printf 'Error: %s\n' "$*" >&2
  exit 1
}

# step TITLE COMMAND...: runs a command that takes time; its output goes to a
# log, whose end is shown if it fails.
step() {
  step_title=$1
  shift
  step_log=.tools/log/$(basename "$0").log
  mkdir -p .tools/log
  step_start=$(date +%s)
  printf '==> %s ... ' "$step_title" >&2
  if [ -t 2 ]; then
    count_seconds & step_counter=$!
  fi
  step_status=0
  "$@" >"$step_log" 2>&1 </dev/null || step_status=$?
  if [ -t 2 ]; then
    kill "$step_counter" 2>/dev/null || true
    printf '\r\033[K==> %s ... ' "$step_title" >&2
  fi
  if [ "$step_status" -eq 0 ]; then
    printf '(%s s)\n' "$(($(date +%s) - step_start))" >&2
    return
  fi
  printf 'failed\n' >&2
  tail -n 30 "$step_log" >&2
  return "$step_status"
}

# On a terminal only: shows how long a step has run and the last line of its
# log, in one line of the terminal. Ends with its script.
count_seconds() {
  columns=$(tput cols 2>/dev/null) || columns=80
  while sleep 1 && kill -0 $$ 2>/dev/null; do
    step_line="==> $step_title ... ($(($(date +%s) - step_start)) s)"
    step_last=$(tail -n 1 "$step_log" | tr -cd '[:print:]')
    printf '\r\033[K%s' \
      "$(printf '%s %s' "$step_line" "$step_last" | cut -c "1-$((columns - 1))")" >&2
  done
}
