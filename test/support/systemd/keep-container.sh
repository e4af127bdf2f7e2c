#!/bin/sh
# keep-container.sh LOWER LAYER CGROUPS [NSPAWN OPTION]…: boots a systemd from LOWER, with what it
# writes in LAYER, in cgroups of its own, and ends with it. When standard input ends, whoever wanted
# it is gone: then the container ends at once, and nothing of it is left. To be started in a mount
# namespace of its own.
set -eu
lower=$1 layer=$2 cgroups=$3
shift 3
# Not to whoever wanted it: a word to somebody who is gone would be the last.
exec >>"$layer/console" 2>&1
mkdir -p "$layer/upper" "$layer/work" "$layer/root"
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$layer/upper,workdir=$layer/work" "$layer/root"

# A program in the background has no standard input of its own accord.
exec 3<&0 </dev/null
boot='for cgroup in $0; do mkdir "$cgroup" && echo 0 >"$cgroup/cgroup.procs"; done; exec systemd-nspawn "$@"'
sh -c "$boot" "$cgroups" --quiet --directory="$layer/root" --boot --register=no --keep-unit \
  --console=pipe --private-network "$@" 3<&- &
nspawn=$!

children() { cat "/proc/$1/task/$1/children" 2>/dev/null || true; }

# The container's first process takes all others along.
{
  cat <&3 >/dev/null
  for process in $(children "$nspawn") "$nspawn"; do kill -KILL "$process" 2>/dev/null || true; done
} &
watcher=$!

status=0
wait "$nspawn" || status=$?
for process in $(children "$watcher") "$watcher"; do kill -KILL "$process" 2>/dev/null || true; done
for cgroup in $cgroups; do
  tries=0
  # What was killed leaves its cgroup a moment later.
  until find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || [ "$tries" -ge 100 ]; do
    tries=$((tries + 1))
    sleep 0.02
  done
done
exit "$status"
