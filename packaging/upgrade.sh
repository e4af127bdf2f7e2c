# What the package and install.sh do alike. FOLDER is the one with dist, libexec and node.
# Everything here leaves whatever the daemon looks after alone.
unit=sails-supervisor.service

# keep_chunks FOLDER: before its files are replaced. Parts of the program are loaded when they are
# first needed, and a daemon that goes on after the upgrade needs those that it came with.
keep_chunks() {
  [ -d "$1/dist/chunks" ] || return 0
  rm -rf "$1/chunks-before"
  cp -al "$1/dist/chunks" "$1/chunks-before" 2>/dev/null || true
  [ -f "$1/chunks-kept" ] || return 0
  while read -r name; do rm -f "$1/dist/chunks/$name"; done <"$1/chunks-kept"
  rm -f "$1/chunks-kept"
}

restore_chunks() {
  for chunk in "$1"/chunks-before/*; do
    name=${chunk##*/}
    if [ -f "$chunk" ] && [ ! -e "$1/dist/chunks/$name" ]; then
      ln "$chunk" "$1/dist/chunks/$name" && echo "$name" >>"$1/chunks-kept"
    fi
  done
  rm -rf "$1/chunks-before"
}

# would_start FOLDER: whether the program there would, with the user, the environment and the
# configuration of the daemon that runs. Prints why not.
would_start() {
  pid=$(systemctl show --property=MainPID --value "$unit")
  [ -r "/proc/$pid/environ" ] || return 0
  groups=$(sed -n 's/^Groups:[[:space:]]*//p' "/proc/$pid/status" | tr ' ' ',')
  groups=${groups%,}
  # shellcheck disable=SC2016 # the inner shell reads these
  xargs -0 sh -c 'user=$1 group=$2 groups=$3 program=$4; shift 4
    exec env -i "$@" setpriv --reuid="$user" --regid="$group" "$groups" "$program" run --check 2>&1' \
    sh "$(stat -c %u "/proc/$pid")" "$(stat -c %g "/proc/$pid")" \
    "${groups:+--groups=}${groups:---clear-groups}" "$1/bin/sails-supervisor" <"/proc/$pid/environ"
}

# replace_daemon FOLDER: after its files were replaced. A daemon that runs becomes the new one in its
# own process, and its children stay its children; one that is stopped stays so.
replace_daemon() {
  systemctl is-active --quiet "$unit" || { rm -rf "$1/chunks-before" && return; }
  if ! why=$(would_start "$1"); then
    restore_chunks "$1"
    cat >&2 <<REFUSED
sails-supervisor: the new version is installed, but would not start, so the one that runs goes on:
$why
Nothing was stopped. What to do: correct that, then run: sudo sails-supervisor reexec
REFUSED
    return
  fi
  status=0
  said=$("$1/bin/sails-supervisor" reexec 2>&1) || status=$?
  case $status in
    0)
      rm -rf "$1/chunks-before"
      echo "sails-supervisor: $said"
      ;;
    3)
      # It does not answer. The next one takes over whatever runs.
      rm -rf "$1/chunks-before"
      systemctl try-restart "$unit" || true
      ;;
    *)
      restore_chunks "$1"
      echo "sails-supervisor: the daemon that runs was not replaced: $said" >&2
      echo "What to do: see journalctl -u sails-supervisor, then run: sudo systemctl restart sails-supervisor" >&2
      ;;
  esac
}
