# shellcheck shell=bash
# Sourced, after say.sh: programs of another release of Debian than this
# machine's, without installing them.

# debian_parts SUITE PACKAGE...: downloads packages with all that they depend
# on, and unpacks them into a folder, which it prints. Instant when it is there.
# The programs find their libraries where the folder is mounted as $parts.
debian_parts() {
  local suite=$1 folder
  shift
  folder=.tools/engines/debian-$suite-$(echo "$parts" "$@" | cksum | cut -d ' ' -f 1)
  if [ ! -d "$folder" ]; then
    command -v patchelf >/dev/null || scripts/tools/apt-install patchelf ||
      fail "patchelf could not be installed: install it yourself."
    rm -rf "$folder.new"
    mkdir -p "$folder.new/root"
    step "Downloading $* of Debian $suite" \
      download_packages "$suite" "$folder.new" "$@" ||
      fail "$* of Debian $suite could not be downloaded: see the lines above."
    step "Unpacking them" unpack_packages "$folder.new" ||
      fail "The packages could not be unpacked: see the lines above."
    mv "$folder.new/root" "$folder"
    rm -rf "$folder.new"
  fi
  realpath "$folder"
}

# An apt of its own, which knows nothing of what this machine has installed.
download_packages() {
  local suite=$1 folder mirror
  folder=$(realpath "$2")
  shift 2
  mirror=$(debian_mirror) || return
  mkdir -p "$folder/lists/partial" "$folder/archives/partial" "$folder/parts"
  : >"$folder/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" \
    >"$folder/sources"
  cat >"$folder/apt.conf" <<END
Dir::State "$folder";
Dir::State::lists "$folder/lists";
Dir::State::status "$folder/status";
Dir::Cache "$folder";
Dir::Cache::archives "$folder/archives";
Dir::Etc::sourcelist "$folder/sources";
Dir::Etc::sourceparts "$folder/parts";
Dir::Etc::preferencesparts "$folder/parts";
END
  # No plug-in of this machine's apt looks at it (apt-listchanges and others).
  APT_CONFIG=$folder/apt.conf apt-get update &&
    APT_CONFIG=$folder/apt.conf apt-get install --yes --download-only \
      --no-install-recommends "$@"
}

# Where this machine's apt has Debian's main archive from.
debian_mirror() {
  # shellcheck disable=SC2016 # apt's variables
  apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' \
    'Created-By: Packages' 2>/dev/null |
    sed -n 's/ Debian Debian$//p' | grep . | head -n 1 || {
    echo "This machine's apt has no source of Debian's packages."
    return 1
  }
}

unpack_packages() {
  local root=$1/root package
  for package in "$1"/archives/*.deb; do
    dpkg-deb --extract "$package" "$root" || return
  done
  rm -rf "$root"/usr/share/doc "$root"/usr/share/man "$root"/usr/share/locale
  find "$root/usr" -type f -perm /111 ! -name '*.so*' -print0 |
    while IFS= read -r -d '' program; do
      link_with_parts "$root" "$program"
    done
}

# Gives a program the libraries of its own release; others are left as they are.
link_with_parts() {
  local loader libraries
  loader=$(patchelf --print-interpreter "$2" 2>/dev/null) || return 0
  libraries=$(dirname "$(find "$1/usr/lib" -name "$(basename "$loader")")")
  libraries=$parts${libraries#"$1"}
  # For the libraries of libraries, too.
  patchelf --force-rpath --set-rpath "$libraries:$libraries/systemd" \
    --set-interpreter "$libraries/$(basename "$loader")" "$2"
}
