# shellcheck shell=bash
# What people see of the set-up: one line for each slow step, one clear message when it fails.
# All of it goes to stderr: stdout belongs to the program that is set up.

say() { printf '%s\n' "$*" >&2; }

# fail WHAT WHY CURE
fail() {
  printf '\nerror: %s\n  why:        %s\n  what to do: %s\n' "$1" "$2" "$3" >&2
  exit 1
}

show_progress() {
  local label=$1 start=$SECONDS
  if [[ -t 2 ]]; then
    while :; do
      printf '\r\033[K%s … %d s' "$label" $((SECONDS - start)) >&2
      sleep 1
    done
  else
    # A log gets a line only where silence would look like a hang.
    while sleep 30; do say "$label … $((SECONDS - start)) s so far"; done
  fi
}

end_progress() {
  [[ -t 2 ]] && printf '\r\033[K' >&2
  say "$1"
}

# npm says the cause first, pip and uv last.
show_ends() {
  local lines
  mapfile -t lines <"$1"
  if ((${#lines[@]} > 20)); then
    printf '  | %s\n' "${lines[@]:0:5}" "[…]" "${lines[@]: -12}" >&2
  elif ((${#lines[@]} > 0)); then
    printf '  | %s\n' "${lines[@]}" >&2
  fi
}

# Names the cause that the log of a failed step speaks of, and its cure, in step_why and step_cure.
explain_log() {
  local text
  text=$(tail -c 20000 "$1")
  step_network=
  if [[ $text =~ ENOSPC|[Nn]o\ space\ left|os\ error\ 28|[Dd]isk\ quota ]]; then
    step_why="the disk is full"
    step_cure="free 2 GB where this checkout and your home folder are ('df -h' shows them), then run it again"
  elif [[ $text =~ CERT_|[Cc]ertificate|UnknownIssuer|self.signed|UNABLE_TO_(GET|VERIFY) ]]; then
    step_network=1
    step_why="the package registry's certificate is not trusted here, as behind a proxy that reads along"
    step_cure="set SSL_CERT_FILE, PIP_CERT and NODE_EXTRA_CA_CERTS to your site's certificate file, then run it again"
  elif [[ $text =~ ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|[Nn]ame\ (or\ service|resolution)|new\ connection|NewConnectionError|dns\ error|error\ sending\ request|[Cc]ould\ not\ (resolve\ host|connect)|[Cc]onnection\ (refused|timed|reset)|[Tt]imed\ out ]]; then
    step_network=1
    step_why="the package registry cannot be reached: no network, or a proxy is needed"
    step_cure="check the network (behind a proxy set HTTPS_PROXY), then run it again"
  elif [[ $text =~ EACCES|[Pp]ermission\ denied|EROFS|[Rr]ead-only\ file ]]; then
    step_why="files may not be written there: they belong to someone else, or the disk is read-only"
    step_cure="own the checkout ('sudo chown -R \$USER $root') or use a copy that is yours, then run it again"
  elif [[ $text =~ EUSAGE ]]; then
    step_why="package.json and package-lock.json contradict each other"
    step_cure="'git checkout package.json package-lock.json'; who changed a dependency: 'npm install', then 'node scripts/complete-lock.ts'"
  else
    step_why="the lines above say it; the whole log is $1"
    step_cure="run it again; if it fails alike, 'rm -rf $tools $root/node_modules' and once more"
  fi
}

# After a failed step: fail_step WHAT
fail_step() { fail "$1" "$step_why" "$step_cure"; }
