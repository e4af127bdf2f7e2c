# shellcheck shell=bash
# Runs the slow steps so that nothing of them outlives this script: each is a process group of its
# own, and the traps end that group on Ctrl-C, on kill and when the terminal goes away.

step_group=
progress_group=

end_group() {
  local group=$1 tries=50
  [[ -n $group ]] || return 0
  kill -TERM -- "-$group" 2>/dev/null || return 0
  while ((tries-- > 0)) && kill -0 -- "-$group" 2>/dev/null; do sleep 0.1; done
  kill -KILL -- "-$group" 2>/dev/null || true
}

end_progress_group() {
  [[ -n $progress_group ]] || return 0
  kill -KILL -- "-$progress_group" 2>/dev/null || true
  wait "$progress_group" 2>/dev/null || true
  progress_group=
}

interrupted() {
  trap '' INT TERM HUP
  local in_step=$progress_group
  end_progress_group
  [[ -z $in_step ]] || end_progress "stopped; the next run goes on from here"
  end_group "$step_group"
  exit "$1"
}

stop_cleanly_on_signals() {
  trap 'interrupted 130' INT
  trap 'interrupted 143' TERM
  trap 'interrupted 129' HUP
}

# in_group DESCRIPTOR COMMAND…: runs it to its end, its output to that descriptor. Not with a
# redirection of the call: the traps would write there too.
in_group() {
  local output=$1 status=0
  shift
  set -m
  "$@" </dev/null >&"$output" 2>&1 7>&- 9>&- &
  step_group=$!
  set +m
  wait "$step_group" 2>/dev/null || status=$?
  step_group=
  return "$status"
}

# step LABEL COMMAND…: the same with progress, its output in a log. On failure shows the log's ends
# and leaves the cause in step_why and step_cure.
step() {
  local label=$1 log start=$SECONDS status=0
  shift
  log=$tools/logs/${label//[^A-Za-z0-9.]/-}.log
  mkdir -p "$tools/logs"
  set -m
  show_progress "$label" 9>&- &
  progress_group=$!
  set +m
  exec 7>"$log"
  HOME=$setup_home in_group 7 "$@" || status=$?
  exec 7>&-
  end_progress_group
  if ((status == 0)); then
    end_progress "$label … $((SECONDS - start)) s"
  else
    end_progress "$label … failed after $((SECONDS - start)) s"
    show_ends "$log"
    explain_log "$log"
  fi
  return "$status"
}
