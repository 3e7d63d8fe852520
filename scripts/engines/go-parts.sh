# shellcheck shell=bash
# Sourced, after say.sh and debian-parts.sh: Docker from the Go modules that it
# is developed in, which are newer than what a release of Debian has.

moby=v2.0.0-beta.24
containerd=v2.4.2
runc=v1.5.3

# go_docker: builds dockerd and what it runs, a quarter of an hour or more, and
# prints their folder. Instant when it is there.
go_docker() {
  local folder=.tools/engines/moby-$moby-containerd-$containerd-runc-$runc tool
  if [ ! -d "$folder" ]; then
    for tool in go gcc pkg-config; do
      command -v "$tool" >/dev/null ||
        fail "Docker $moby is built by Go 1.26 or newer, gcc and pkg-config: install $tool."
    done
    rm -rf "$folder.new"
    mkdir -p "$folder.new"
    step "Building Docker $moby, containerd $containerd and runc $runc" \
      build_docker "$(realpath "$folder.new")" ||
      fail "Docker $moby could not be built: see the lines above."
    mv "$folder.new" "$folder"
  fi
  realpath "$folder"
}

build_docker() (
  export GOBIN=$1 GOFLAGS=-buildvcs=false CGO_ENABLED=0 GOPROXY
  GOPROXY=$(go env GOPROXY)
  cd / # no go.mod of ours has a say
  go install -ldflags "-X github.com/moby/moby/v2/dockerversion.Version=${moby#v}" \
    "github.com/moby/moby/v2/cmd/dockerd@$moby" &&
    go install "github.com/moby/moby/v2/cmd/docker-proxy@$moby" &&
    go install "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2@$containerd" &&
    go install -tags no_btrfs \
      -ldflags "-X github.com/containerd/containerd/v2/version.Version=$containerd" \
      "github.com/containerd/containerd/v2/cmd/containerd@$containerd" &&
    build_runc
)

# Without libseccomp runc starts no container that has a seccomp profile.
build_runc() {
  local libraries
  (cd "$GOBIN" && apt-get download libseccomp-dev) &&
    dpkg-deb --extract "$GOBIN"/libseccomp-dev_*.deb "$GOBIN/libseccomp" || return
  libraries=$(dirname "$(find "$GOBIN/libseccomp" -name libseccomp.a)")
  PKG_CONFIG_PATH=$libraries/pkgconfig \
    PKG_CONFIG_SYSROOT_DIR=$GOBIN/libseccomp CGO_ENABLED=1 \
    CGO_CFLAGS=-I$GOBIN/libseccomp/usr/include CGO_LDFLAGS=-L$libraries \
    go install -tags seccomp -ldflags '-extldflags -static' \
    "github.com/opencontainers/runc@$runc" || return
  rm -rf "$GOBIN"/libseccomp*
}
