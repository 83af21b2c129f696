# What scripts/demo and scripts/test share; sourced, not run. A scratch directory and a running
# command that end with the script, and the system packages that a fresh machine lacks.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
name=$(basename "$0")
umask 022

# Below /tmp, which every user can reach: as root, PostgreSQL runs as another user.
scratch=$(mktemp -d /tmp/trust-budget-XXXXXX)
chmod 711 "$scratch"
# Whatever programs leave in the place for temporary files, swift among them, goes with it.
export TMPDIR=$scratch
command_pid=

trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'finish $?' EXIT

# A script that starts more than run does redefines this.
stop_everything() { :; }

finish() {
  trap '' HUP INT TERM
  trap - EXIT
  stop_everything || true
  if [ -n "$command_pid" ]; then kill -TERM "$command_pid" 2>/dev/null; fi
  rm -rf "$scratch"
  exit "$1"
}

fail() {
  printf '%s: FAILED: %s\n' "$name" "$*" >&2
  exit 1
}

# run COMMAND…: runs it so that a signal ends this script, and the command, at once.
run() {
  local status=0
  "$@" &
  command_pid=$!
  wait "$command_pid" || status=$?
  command_pid=
  return "$status"
}

# run_quietly COMMAND…: shows what it printed only when it fails.
run_quietly() {
  local status=0
  run "$@" >"$scratch/output" 2>&1 || status=$?
  [ "$status" -eq 0 ] || cat "$scratch/output" >&2
  return "$status"
}

# build ARGUMENT…: swift build, with its progress on a terminal and silent elsewhere.
build() {
  if [ -t 1 ]; then run swift build "$@"; else run_quietly swift build "$@"; fi
}

# build_release PRODUCT…: builds programs as the image ships them, with Swift's own libraries inside, and
# says in release_bin where they are. Standard output is left to the caller.
build_release() {
  local product how=(-c release --static-swift-stdlib)
  for product in "$@"; do build "${how[@]}" --product "$product" 1>&2 || fail "the build failed"; done
  release_bin=$(swift build "${how[@]}" --show-bin-path)
}

# await FILE PATTERN PID: waits until a line of a program's log matches.
await() {
  local i
  for ((i = 0; i < 600; i++)); do
    grep -q "$2" "$1" && return
    kill -0 "$3" 2>/dev/null || break
    sleep 0.1
  done
  fail "a program did not start: $(cat "$1")"
}

# require PACKAGE…: installs those Debian packages whose purpose nothing serves yet.
require() {
  command -v swift >/dev/null || fail "Swift 6.3 is not in PATH: https://www.swift.org/install/linux/"
  local package missing=()
  for package in "$@"; do
    serves "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  echo "Installing what is missing: ${missing[*]}"
  command -v apt-get >/dev/null ||
    fail "there is no apt-get here; install what these Debian packages hold, and try again"
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    fail "neither root nor sudo; run as root: apt-get install ${missing[*]}"
  fi
  # A stale index may still do, so only the installation counts.
  run_quietly as_root apt-get -q update || true
  install_packages "${missing[@]}" || fail "apt-get could not install ${missing[*]}"
  for package in "${missing[@]}"; do
    serves "$package" || fail "$package is installed, and still does not serve"
  done
}

serves() {
  case $1 in
    ca-certificates) [ -s /etc/ssl/certs/ca-certificates.crt ] ;;
    git | openssl | pkg-config | python3 | sqlite3 | wrk) command -v "$1" >/dev/null ;;
    python3-jsonschema) python3 -c 'import jsonschema' 2>/dev/null ;;
    python3-venv) python3 -c "import ensurepip" 2>/dev/null ;;
    python3-yaml) python3 -c 'import yaml' 2>/dev/null ;;
    libpq-dev) pkg-config --exists libpq 2>/dev/null ;;
    libsqlite3-dev) pkg-config --exists sqlite3 2>/dev/null ;;
    libyaml-dev) pkg-config --exists yaml-0.1 2>/dev/null ;;
    openssh-client) command -v ssh-keygen >/dev/null ;;
    # Debian keeps the server's programs out of PATH.
    postgresql) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ||
      command -v initdb >/dev/null ;;
    postgresql-client) command -v psql >/dev/null ;;
    zlib1g-dev) pkg-config --exists zlib 2>/dev/null ;;
    *) return 1 ;;
  esac
}

# unpack PACKAGE…: makes the programs of Debian packages available to this script alone, below .build,
# with the libraries that the machine lacks. Nothing is installed: installing these packages would
# start services that nobody wants here.
unpack() {
  local package missing=() directory=$root/.build/programs
  export PATH=$PATH:$directory/bin
  for package in "$@"; do
    provides "$package" || missing+=("$package")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    echo "Fetching programs into .build: ${missing[*]}"
    command -v apt-get >/dev/null || fail "there is no apt-get here; put these into PATH: ${missing[*]}"
    mkdir -p "$scratch/archives/partial" "$directory"
    fetch "${missing[@]}" || { run_quietly as_root apt-get -q update && fetch "${missing[@]}"; } ||
      fail "apt-get could not fetch ${missing[*]}"
    for package in "$scratch"/archives/*.deb; do dpkg-deb -x "$package" "$directory"; done
    rm -rf "$directory/usr/share" "$directory/usr/bin/prometheus"
    wrap "$directory" usr/sbin/haproxy usr/bin/promtool
    for package in "${missing[@]}"; do
      provides "$package" || fail "$package is unpacked, and still does not serve"
    done
  fi
}

# wrap DIRECTORY PROGRAM…: a script for each, which finds the libraries that were unpacked with it.
wrap() {
  local directory=$1 program
  shift
  mkdir -p "$directory/bin"
  for program in "$@"; do
    [ -e "$directory/$program" ] || continue
    printf '#!/bin/sh\nexec env LD_LIBRARY_PATH="%s" "%s" "$@"\n' \
      "$(echo "$directory"/usr/lib/*-linux-gnu)" "$directory/$program" \
      >"$directory/bin/${program##*/}"
    chmod +x "$directory/bin/${program##*/}"
  done
}

provides() {
  case $1 in
    haproxy) haproxy -v >/dev/null 2>&1 ;;
    prometheus) promtool --version >/dev/null 2>&1 ;;
    *) return 1 ;;
  esac
}

fetch() {
  run_quietly apt-get -q -y -o Debug::NoLocking=true -o "Dir::Cache::archives=$scratch/archives" \
    -o APT::Sandbox::User= --download-only --no-install-recommends install "$@"
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

install_packages() {
  local status=0 settings=/etc/postgresql-common/createcluster.conf
  if [[ " $* " == *" postgresql "* ]]; then
    # Only PostgreSQL's programs are wanted, not a server that starts with the machine.
    apt_install postgresql-common || return
    as_root cp -p "$settings" "$settings.before-trust-budget"
    as_root sed -i '$a create_main_cluster = false' "$settings"
  fi
  apt_install "$@" || status=$?
  if [ -e "$settings.before-trust-budget" ]; then
    as_root mv "$settings.before-trust-budget" "$settings"
  fi
  return "$status"
}

apt_install() {
  run_quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
    -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@"
}
