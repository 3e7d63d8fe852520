# shellcheck shell=bash
# Sourced by kinds of engines: the newest Docker that there is Go source of, with
# the command line of Debian's testing release.
. scripts/engines/debian-docker.sh
. scripts/engines/go-parts.sh
suite=forky

bring_parts() {
  # shellcheck disable=SC2086 # words
  debian_parts=$(debian_parts "$suite" $packages)
  newer_parts=$(go_docker)
  export debian_parts newer_parts
}
