# shellcheck shell=bash
# Sourced by kinds of engines: Docker as a release of Debian ($suite) has it.
. scripts/engines/debian-parts.sh

programs="dockerd docker-init docker-proxy containerd containerd-shim-runc-v2
  runc docker"

bring_parts() {
  folder_of_parts=$(debian_parts "$suite" docker.io docker-cli docker-compose)
  export folder_of_parts
}

start_engine() {
  dockerd --host unix:///run/docker.sock --data-root /run/engine/disk/data
}
