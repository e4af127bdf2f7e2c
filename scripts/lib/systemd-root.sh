# shellcheck shell=bash
# The file tree of a small Debian or Ubuntu with a systemd, which tests boot in containers: this
# machine's own release, so that what runs here runs there. Built once, into .tools/systemd-root.

systemd_root=$tools/systemd-root
systemd_root_packages=systemd,systemd-sysv,dbus,procps,python3

# debootstrap is a script that finds its parts in a folder of its own. It needs wget.
ensure_debootstrap() {
  debootstrap=(debootstrap)
  have debootstrap && return
  ensure_tool wget wget
  if [[ ! -x $debian/debootstrap/usr/sbin/debootstrap ]]; then
    step "debootstrap" unpack_debootstrap || return
  fi
  debootstrap=(env DEBOOTSTRAP_DIR="$debian/debootstrap/usr/share/debootstrap" "$debian/debootstrap/usr/sbin/debootstrap")
}

unpack_debootstrap() {
  rm -rf "$debian/debootstrap.new" "$debian/archives" && mkdir -p "$debian/archives" && cd "$debian/archives" &&
    apt get download debootstrap && dpkg-deb -x debootstrap_*.deb "$debian/debootstrap.new" &&
    rm -rf "$debian/archives" && mv -T "$debian/debootstrap.new" "$debian/debootstrap"
}

# The first of this machine's own mirrors that has the release.
mirror_of() {
  # shellcheck disable=SC2016 # apt reads these
  apt get indextargets --format '$(RELEASE) $(SITE)' 'Created-By: Packages' | while read -r release site; do
    if [[ $release == "$1" ]]; then
      echo "$site"
      break
    fi
  done
}

# In a mount namespace of its own: what debootstrap mounts is gone with it, however it ends.
build_systemd_root() {
  local new=$systemd_root.new release mirror unit
  release=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
  mirror=$(mirror_of "$release")
  [[ -n $mirror ]] || { echo "no package mirror for $release is in apt's sources" && return 1; }
  rm -rf --one-file-system "$new" &&
    unshare --mount --propagation private "${debootstrap[@]}" --variant=minbase \
      --include="$systemd_root_packages" "$release" "$new" "$mirror" &&
    chroot "$new" useradd --create-home --shell /bin/sh --uid 1000 "$systemd_root_user" &&
    # Kept from one boot to the next; and what lies below a private home can be bound there.
    mkdir -p "$new/var/log/journal" && chmod 0711 "$new/root" &&
    for unit in apt-daily apt-daily-upgrade dpkg-db-backup e2scrub_all fstrim motd-news; do
      ln -sfn /dev/null "$new/etc/systemd/system/$unit.timer"
    done &&
    rm -rf "$new"/var/cache/apt/archives/*.deb "$new"/var/lib/apt/lists/* "$new"/usr/share/{doc,man,locale,info} &&
    systemd_root_recipe >"$new/etc/sails-test-root" &&
    rm -rf --one-file-system "$systemd_root" && mv -T "$new" "$systemd_root"
}
systemd_root_user=sails

# Whatever changes the tree changes this: then it is built anew.
systemd_root_recipe() { echo "$systemd_root_packages $(sha256sum <"$root/scripts/lib/systemd-root.sh") $(. /etc/os-release && echo "$ID ${VERSION_ID-}")"; }

# What cannot be had here is named, not fatal: the tests that need it are skipped with a reason.
ensure_systemd_root() {
  [[ -f $systemd_root/etc/sails-test-root && $(<"$systemd_root/etc/sails-test-root") == "$(systemd_root_recipe)" ]] && return
  if [[ $(id -u) != 0 ]]; then
    say "no systemd can be booted in a container without root: the tests that need it are skipped"
  elif ! unshare --mount true 2>/dev/null; then
    say "no file system may be mounted here: the tests that boot a systemd are skipped"
  elif ! have apt-get || ! have dpkg-deb; then
    say "this is no Debian or Ubuntu: the tests that boot a systemd are skipped"
  elif ! ensure_debootstrap || ! step "systemd for tests" build_systemd_root; then
    say "no systemd could be put together for a container: the tests that boot one are skipped"
  fi
}
