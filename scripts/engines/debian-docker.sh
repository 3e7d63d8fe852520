# shellcheck shell=bash
# Sourced by kinds of engines: Docker as a release of Debian ($suite) has it.
. scripts/engines/debian-parts.sh

packages="docker.io docker-cli docker-compose"
programs="dockerd docker-init docker-proxy containerd containerd-shim-runc-v2
  runc docker"
flags= # more of dockerd's

bring_parts() {
  # shellcheck disable=SC2086 # words
  debian_parts=$(debian_parts "$suite" $packages)
  export debian_parts
}

start_docker() {
  # shellcheck disable=SC2086 # words
  dockerd --host unix:///run/docker.sock --data-root /run/engine/disk/data $flags
}

start_engine() {
  start_docker
}
