# shellcheck shell=bash
# Installs those Debian packages that are missing. Sourced, never run.
#
#   source scripts/lib/apt.sh
#   apt_install gcc libc6-dev        # updates the lists once per shell, then installs
#
# A package must not start the service that it contains: this project starts its own PostgreSQL,
# Redis and nginx in temporary folders, and a second instance on the usual port could disturb other
# programs.

apt_lists_updated=${apt_lists_updated:-no}

# Runs a command as root: directly, or with sudo (which may ask for a password only at a
# terminal).
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif ! command -v sudo >/dev/null; then
    echo "setup: root is needed for: $* (neither root nor sudo here)" >&2
    return 1
  elif [ -t 0 ] && [ -z "${CI:-}" ]; then
    sudo "$@"
  else
    sudo -n "$@"
  fi
}

# Installs the named packages. The caller has already checked that some of them are missing.
apt_install() {
  [ $# -gt 0 ] || return 0
  if ! command -v apt-get >/dev/null; then
    echo "setup: missing on this machine, and there is no apt-get to install it with." >&2
    echo "setup: please install what these Debian packages hold: $*" >&2
    return 1
  fi
  echo "setup: installing $*"
  if [ "$apt_lists_updated" = no ]; then
    # A third-party source may be down; apt may already know the packages that we need.
    as_root apt-get -o DPkg::Lock::Timeout=300 -qq update ||
      echo "setup: some package lists could not be updated; trying with what is known" >&2
    apt_lists_updated=yes
  fi

  # Exit status 101 of policy-rc.d means "do not start". An existing policy of the machine stays.
  local policy=/usr/sbin/policy-rc.d placed=no status=0
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    placed=yes
  fi
  as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
    apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -qq -y install --no-install-recommends "$@" \
    </dev/null || status=$?
  if [ "$placed" = yes ]; then
    as_root rm -f "$policy"
  fi
  if [ "$status" -ne 0 ]; then
    echo "setup: apt-get could not install: $*" >&2
    return 1
  fi
}

# Stops and disables a service that came with a package that this script has just installed.
apt_quiet_service() {
  if [ -d /run/systemd/system ] && command -v systemctl >/dev/null; then
    as_root systemctl disable --now --quiet "$1" 2>/dev/null || true
  fi
}
