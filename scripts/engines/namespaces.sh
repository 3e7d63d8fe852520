# shellcheck shell=bash
# Sourced, after say.sh: the namespaces that an engine has for itself (mounts,
# network, processes, cgroups). Their first process is scripts/engines/first-process.
# With it the kernel ends all processes in them, and with these all mounts and
# interfaces go, so nothing of them stays when this script is killed.

# Where an engine's files are, in its own mount namespace.
parts=/run/engine/parts

exec 3<&0 # for what runs in the background
work=
command= # what runs inside

# open_namespaces: makes them for $engine; needs `bring_parts` before.
open_namespaces() {
  work=$(mktemp -d "${TMPDIR:-/tmp}/mcpm-$engine.XXXXXX")
  group=$(basename "$work")
  guard
  export engine work group parts
  # The kernel ends it with this script, and with it all that runs inside.
  (
    enter_cgroups
    exec setpriv --pdeathsig KILL unshare --mount --net --pid --cgroup --ipc \
      --propagation private --fork --kill-child --mount-proc \
      scripts/engines/first-process
  ) >"$work/engine.log" 2>&1 </dev/null 3<&- 4>&- &
  unshared=$!
}

# Removes what the kernel does not when the end of this script closes its
# stdin: a process of its own, because by then nothing of this script may run.
guard() {
  # shellcheck disable=SC2016 # the inner shell's
  exec 4> >(exec setsid bash -c '
    trap "" INT TERM HUP
    read -r _
    for try in {1..100}; do
      find /sys/fs/cgroup -depth -type d -path "*/$1/*" -exec rmdir {} + 2>/dev/null
      find /sys/fs/cgroup -depth -type d -name "$1" -exec rmdir {} + 2>/dev/null
      [ -n "$(find /sys/fs/cgroup -type d -name "$1")" ] || break
      sleep 0.1
    done
    rm -rf "$2"
  ' bash "$group" "$work" 3<&-)
  guard=$!
  trap close_namespaces EXIT
}

close_namespaces() {
  trap '' INT TERM HUP
  exec 2>/dev/null # bash tells of every process of its that a signal ends
  # Interrupted: what runs may tidy up first, for five seconds.
  if [ -n "$command" ] && kill -0 "$command" 2>/dev/null; then
    nsenter --target "$(cat "$work/pid")" --mount --pid sh -c 'kill -TERM -1' || true
    for _ in {1..50}; do
      kill -0 "$command" 2>/dev/null || break
      sleep 0.1
    done
  fi
  kill -KILL "$unshared" 2>/dev/null || true
  exec 4>&-
  wait "$guard" 2>/dev/null || true
}

# A cgroup of its own in every hierarchy, so that the engine's are known.
enter_cgroups() {
  local folder
  for folder in /sys/fs/cgroup /sys/fs/cgroup/*/; do
    [ -f "$folder/cgroup.procs" ] || continue
    mkdir -p "$folder/$group" # two names may be one, as cpu and cpu,cpuacct
    if [ -f "$folder/cpuset.cpus" ] && [ -f "$folder/$group/cpuset.mems" ]; then
      cat "$folder/cpuset.cpus" >"$folder/$group/cpuset.cpus"
      cat "$folder/cpuset.mems" >"$folder/$group/cpuset.mems"
    fi
    echo "$BASHPID" >"$folder/$group/cgroup.procs"
  done
}

# The first process' number, as seen from here.
first_process() {
  cat "/proc/$unshared/task/$unshared/children" 2>/dev/null | tr -d ' ' | grep .
}

wait_until_ready() {
  local first
  until [ -e "$work/apart" ] && first=$(first_process); do
    kill -0 "$unshared" 2>/dev/null || return 1
    sleep 0.1
  done
  echo "$first" >"$work/pid"
  # The way out, for images that are built: nobody out there sees a port of it.
  setpriv --pdeathsig KILL slirp4netns --configure --mtu=65520 \
    --disable-host-loopback "$first" tap0 3<&- 4>&- &
  until inside scripts/docker/find-engine; do
    kill -0 "$unshared" 2>/dev/null || return 1
    sleep 0.2
  done
}

# inside COMMAND...: runs a command in the engine's namespaces.
inside() {
  scripts/engines/enter "$(cat "$work/pid")" "$@"
}
