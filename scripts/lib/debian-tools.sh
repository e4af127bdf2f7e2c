# shellcheck shell=bash
# Programs that only tests use, out of Debian's packages, without installing them: unpacked into
# .tools/debian, a starter for each in .tools/debian/bin. What cannot be had is named, not fatal.

debian=$tools/debian
export SAILS_TEST_TOOLS_PATH=$debian/bin

# Lists of our own serve where the machine's are empty or too old, and need no root.
apt() {
  local name=$1 options=(-q -o APT::Sandbox::User="$(id -un)")
  shift
  [[ ! -d $debian/lists ]] || options+=(-o Dir::State::lists="$debian/lists" -o Dir::Cache="$debian/cache")
  LC_ALL=C "apt-$name" "${options[@]}" "$@"
}

# unpack FOLDER PACKAGE…
unpack() {
  local archive into=$1
  shift
  rm -rf "$debian/archives" && mkdir -p "$debian/archives" && cd "$debian/archives" &&
    apt get download "$@" &&
    for archive in *.deb; do dpkg-deb -x "$archive" "$into" || return; done &&
    rm -rf "$debian/archives"
}

update_lists() {
  mkdir -p "$debian/lists/partial" "$debian/cache/archives/partial"
  apt get update
}

# Documents and web pages: programs need none of it.
unpack_program() { unpack "$debian/root" "$@" && rm -rf "$debian/root/usr/share"; }

lacks_libraries() { [[ $(LD_LIBRARY_PATH=$libraries ldd "$1" 2>&1) == *"not found"* ]]; }

# unpack_tool PROGRAM PACKAGE
unpack_tool() {
  local binary=$debian/root/usr/bin/$1 needed
  unpack_program "$2" || { update_lists && unpack_program "$2"; } || return
  if [[ ! -x $binary ]]; then binary=$debian/root/bin/$1; fi
  if lacks_libraries "$binary"; then
    needed=$(apt cache depends --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$2") || return
    mapfile -t needed < <(while read -r kind name; do [[ $kind == *Depends: && $name == lib* ]] && echo "$name"; done <<<"$needed")
    unpack_program "${needed[@]}" || return
  fi
  if lacks_libraries "$binary"; then
    echo "$1 still lacks shared libraries:" && LD_LIBRARY_PATH=$libraries ldd "$binary"
    return 1
  fi
  mkdir -p "$debian/bin"
  printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' "'$libraries'" "'$binary'" >"$debian/bin/$1.new" &&
    chmod +x "$debian/bin/$1.new" && mv "$debian/bin/$1.new" "$debian/bin/$1"
}

# ensure_tool PROGRAM PACKAGE
ensure_tool() {
  local triplet
  triplet=$(uname -m)-linux-gnu
  libraries=$debian/root/usr/lib/$triplet:$debian/root/usr/lib/$triplet/systemd:$debian/root/lib/$triplet:$debian/root/lib/$triplet/systemd
  have "$1" && return
  if ! have apt-get || ! have dpkg-deb || ! have ldd; then
    say "$1 is missing, and this is no Debian or Ubuntu: the tests that need it are skipped"
  elif ! step "$1" unpack_tool "$1" "$2"; then
    say "$1 is missing, and apt could not get it: the tests that need it are skipped"
  fi
}

# A browser needs some hundred libraries, and fonts: all that the machine lacks of what it depends on.
unpack_chromium() {
  local root=$debian/chromium packages
  update_lists || return
  mapfile -t packages < <(apt get -s --no-install-recommends install chromium | sed -n 's/^Inst \([^ ]*\).*/\1/p')
  rm -rf "$root"
  unpack "$root" "${packages[@]}" || return
  libraries=$root/usr/lib/$triplet:$root/lib/$triplet
  if lacks_libraries "$root/usr/lib/chromium/chromium"; then
    echo "chromium still lacks shared libraries:" && LD_LIBRARY_PATH=$libraries ldd "$root/usr/lib/chromium/chromium"
    return 1
  fi
  mkdir -p "$debian/bin"
  cat >"$debian/bin/chromium.new" <<STARTER || return
#!/bin/sh
export LD_LIBRARY_PATH='$libraries'
[ -e /etc/fonts/fonts.conf ] || export FONTCONFIG_SYSROOT='$root'
exec '$root/usr/lib/chromium/chromium' "\$@"
STARTER
  chmod +x "$debian/bin/chromium.new" && mv "$debian/bin/chromium.new" "$debian/bin/chromium"
}

ensure_chromium() {
  local triplet libraries
  triplet=$(uname -m)-linux-gnu
  have chromium && return
  if ! have apt-get || ! have dpkg-deb || ! have ldd; then
    say "chromium is missing, and this is no Debian or Ubuntu: the tests that need it are skipped"
  elif ! step "chromium" unpack_chromium; then
    say "chromium is missing, and apt could not get it: the tests that need it are skipped"
  fi
}
