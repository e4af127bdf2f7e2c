#!/bin/sh
# Installs sails-supervisor on a Linux with systemd and glibc 2.28 or newer, without a package manager.
help() {
  cat <<'HELP'
usage: sudo ./install.sh [--uninstall [--purge]]
Installs below PREFIX (/usr/local; PREFIX=/opt/sails-supervisor is another usual choice), with a unit in
/etc/systemd/system and a first configuration in /etc/sails-supervisor. Run again, from a newer archive,
it upgrades: whatever runs is left alone, and the daemon is replaced in place.
--uninstall stops it and removes all but configuration and data; --purge removes those, too.
HELP
}
set -eu
umask 022
here=$(cd -P -- "${0%/*}" && pwd -P)
prefix=${PREFIX:-/usr/local}
library=$prefix/lib/sails-supervisor
list=$library/installed-files
. "$here/upgrade.sh"

fail() {
  printf 'error: %s\nWhat to do: %s\n' "$1" "$2" >&2
  exit 1
}

# Where a file of the tree goes.
place_of() {
  case $1 in
    usr/lib/systemd/system/*) echo "/etc/systemd/system/${1##*/}" ;;
    usr/lib/systemd/catalog/*) echo "/usr/local/lib/systemd/catalog/${1##*/}" ;;
    usr/share/zsh/vendor-completions/*) echo "$prefix/share/zsh/site-functions/${1##*/}" ;;
    usr/*) echo "$prefix/${1#usr/}" ;;
    *) echo "/$1" ;;
  esac
}

has_systemd() { [ -d /run/systemd/system ]; }

# All that can fail for want of space comes first: until it is done nothing is changed.
copy_beside() {
  cd "$here/tree"
  find . ! -type d | sed 's|^\./||' | sort | while read -r file; do
    place=$(place_of "$file")
    case $place in /etc/sails-supervisor/*) [ ! -e "$place" ] || continue ;; esac
    mkdir -p "${place%/*}" && cp -dp --no-preserve=ownership "$file" "$place.new" || exit
    case $place in
      *.service)
        sed -i -e "s|/usr/bin/sails-supervisor|$prefix/bin/sails-supervisor|" -e "s|/usr/share|$prefix/share|" \
          "$place.new" || exit
        ;;
    esac
    echo "$place" >>"$library/installed-files.new" || exit
  done
}

remove_copies() {
  cd "$here/tree"
  find . ! -type d | sed 's|^\./||' | while read -r file; do rm -f "$(place_of "$file").new"; done
  rm -f "$list.new"
}

# What the former version had and this one has not; of the configuration nothing.
remove_old() {
  [ ! -f "$list" ] || while read -r place; do
    case $place in
      /etc/sails-supervisor/*) ;;
      *) grep -qxF "$place" "$list.new" || rm -f "$place" ;;
    esac
  done <"$list"
}

install_all() {
  [ "$(id -u)" = 0 ] || fail "only root can install it" "run it with sudo"
  "$here/tree/usr/lib/sails-supervisor/bin/sails-supervisor" --version >/dev/null ||
    fail "the program does not run on this machine" \
      "take the archive for $(uname -m); it needs glibc 2.28 or newer and libstdc++"
  mkdir -p "$library"
  rm -f "$list.new"
  if ! copy_beside; then
    remove_copies
    fail "it could not be copied to $prefix, and nothing was changed" "see above; df -h $prefix tells of the space"
  fi
  keep_chunks "$library"
  while read -r place; do mv -f "$place.new" "$place"; done <"$list.new"
  remove_old
  # Never in PATH, if PREFIX is a folder of its own.
  if [ "$prefix" != /usr/local ]; then
    mkdir -p /usr/local/bin && ln -sfn "$prefix/bin/sails-supervisor" /usr/local/bin/sails-supervisor
    echo /usr/local/bin/sails-supervisor >>"$list.new"
  fi
  mv -f "$list.new" "$list"
  if command -v systemd-sysusers >/dev/null; then
    systemd-sysusers "$prefix/lib/sysusers.d/sails-supervisor.conf"
  fi
  if has_systemd; then
    journalctl --update-catalog
    systemctl daemon-reload
    replace_daemon "$library"
  fi
  echo "sails-supervisor is installed. It starts now and at every boot by: sudo systemctl enable --now sails-supervisor"
  echo "What comes first: $prefix/share/doc/sails-supervisor/docs/install.md"
}

remove_installed() {
  while read -r place; do
    case $place in
      /etc/sails-supervisor/*) ;;
      *)
        rm -f "$place"
        rmdir -p "${place%/*}" 2>/dev/null || true
        ;;
    esac
  done <"$list"
  rm -rf "$library"
  rmdir -p "${library%/*}" 2>/dev/null || true
}

uninstall() {
  [ "$(id -u)" = 0 ] || fail "only root can remove it" "run it with sudo"
  [ -f "$list" ] || [ -n "$1" ] || fail "nothing is installed below $prefix" "name the folder that it was installed to: PREFIX=/opt/sails-supervisor"
  if has_systemd && systemctl cat "$unit" >/dev/null 2>&1; then systemctl stop "$unit"; fi
  if [ -f "$list" ]; then remove_installed; fi
  if [ -n "$1" ]; then
    rm -rf --one-file-system /var/lib/sails-supervisor /etc/sails-supervisor
    rm -rf "/etc/systemd/system/$unit.d"
    rm -f /etc/systemd/system/*.wants/"$unit"
  fi
  if has_systemd; then
    journalctl --update-catalog
    systemctl daemon-reload
    systemctl reset-failed "$unit" 2>/dev/null || true
  fi
  if [ -n "$1" ]; then
    echo "sails-supervisor and all that it kept have been removed"
  else
    echo "sails-supervisor has been removed; /etc/sails-supervisor and /var/lib/sails-supervisor stay. --uninstall --purge removes those, too"
  fi
}

case "${1-} ${2-}" in
  " ") install_all ;;
  "--uninstall ") uninstall "" ;;
  "--uninstall --purge") uninstall purge ;;
  "-h " | "--help ") help ;;
  *) help >&2 && exit 2 ;;
esac
