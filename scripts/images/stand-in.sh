# shellcheck shell=sh
# Sourced, after say.sh, by the scripts that make an image to stand in for an
# official one where no image registry can be reached. They set:
#   tag    the image to make
#   name   what it stands in for, in words
#   choose the variable that names another image

certificates=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}
[ -r "$certificates" ] || certificates=/dev/null

# recipe FILE...: what this image is made from, as one word.
recipe() {
  cat "$@" scripts/images/stand-in.sh "$certificates" | cksum | tr ' ' -
}

# made RECIPE: is the image there, made by this recipe?
made() {
  [ "$(docker image inspect "$tag" 2>/dev/null \
    --format '{{index .Config.Labels "stand-in.recipe"}}')" = "$1" ]
}

# The bare root file system, in $root: busybox, the certificates, two users.
fill_root() {
  for folder in bin etc/ssl/certs home/node root tmp usr/bin var/tmp \
    usr/local/bin usr/local/lib; do
    mkdir -p "$root/$folder"
  done
  chmod 1777 "$root/tmp" "$root/var/tmp"
  add_program "$(command -v busybox)" /bin/busybox
  for applet in $("$root/bin/busybox" --list); do
    [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
  done
  ln -s ../../bin/busybox "$root/usr/bin/env" # for `#!/usr/bin/env node`
  cat "$certificates" >"$root/etc/ssl/certs/ca-certificates.crt"
  echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
  printf '%s\n' root:x:0:0:root:/root:/bin/sh \
    node:x:1000:1000::/home/node:/bin/sh >"$root/etc/passwd"
  printf '%s\n' root:x:0: node:x:1000: >"$root/etc/group"
}

# Copies a program and the libraries that it is linked with.
add_program() {
  cp -L "$1" "$root$2"
  ldd "$1" 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
  done
}

# import RECIPE CHANGE...: makes the image from $root.
import() {
  label="LABEL stand-in.recipe=$1"
  shift
  for change in "$@"; do
    set -- "$@" --change "$change"
    shift
  done
  tar -cf "$work/root.tar" -C "$root" --owner=0 --group=0 --exclude=./home . &&
    tar -rf "$work/root.tar" -C "$root" --owner=1000 --group=1000 ./home &&
    docker import "$@" --change "$label" "$work/root.tar" "$tag"
}

# make_stand_in RECIPE CHANGE...: fills a root by `fill` and makes the image.
make_stand_in() {
  [ "$(uname -s)" = Linux ] ||
    fail "The image registry does not answer, and the stand-in for its" \
      "$name image can be made on Linux only. Connect to a registry, or set" \
      "$choose to an image that you have."
  if ! command -v busybox >/dev/null; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
      fail "The image registry does not answer, and the stand-in for its" \
        "$name image needs busybox. Install busybox-static, or set $choose" \
        "to an image that you have."
    fi
    scripts/tools/apt-install busybox-static ||
      fail "busybox-static could not be installed: install it yourself."
  fi
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM
  root=$work/root
  fill_root
  fill
  step "The image registry does not answer: making the stand-in $tag" \
    import "$@" || fail "The stand-in for the $name image could not be made."
}
