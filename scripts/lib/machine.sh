# shellcheck shell=bash
# How this machine's own settings reach npm, pip and uv alike, and where their caches go.

# A home that cannot be written (a service account, a container) must not stop the set-up.
setup_home=${HOME-}
if [[ -z $setup_home || ! -d $setup_home || ! -w $setup_home ]]; then
  setup_home=$tools/home
  mkdir -p "$setup_home"
  export npm_config_cache=${npm_config_cache:-$tools/cache/npm}
  export PIP_CACHE_DIR=${PIP_CACHE_DIR:-$tools/cache/pip}
  export UV_CACHE_DIR=${UV_CACHE_DIR:-$tools/cache/uv}
fi

# uv and npm bring certificates of their own and would refuse a site's, which pip and curl accept.
system_certificates=/etc/ssl/certs/ca-certificates.crt
if [[ -r $system_certificates ]]; then
  export NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-$system_certificates}
  [[ -n ${SSL_CERT_FILE-} ]] || export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true} UV_NATIVE_TLS=${UV_NATIVE_TLS:-true}
fi

# Who set a mirror for pip meant it for uv too, which does not read pip's variables.
[[ -z ${PIP_INDEX_URL-} ]] || export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-$PIP_INDEX_URL}
export UV_HTTP_TIMEOUT=${UV_HTTP_TIMEOUT:-120}

# Settings that people have for their own projects and that contradict an install into a folder.
export PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 PIP_DISABLE_PIP_VERSION_CHECK=1
unset VIRTUAL_ENV PYTHONHOME PYTHONPATH

have() { command -v "$1" >/dev/null 2>&1; }

# works COMMAND…: it is there and starts. A shim of pyenv or asdf may be there and not start.
works() { have "$1" && HOME=$setup_home "$@" >/dev/null 2>&1 </dev/null; }

# Two set-ups of one checkout at the same time would pull node_modules from under each other.
# Descriptor 9 holds the lock until end_turn, or until this script is gone: no step inherits it.
take_turn() {
  exec 9>"$tools/lock"
  local lock='import fcntl; fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)'
  try_turn() { if have flock; then flock -n 9; else python3 -c "$lock" 2>/dev/null; fi; }
  try_turn && return
  say "another set-up is at work in this checkout: waiting for it"
  until try_turn; do sleep 1; done
}

end_turn() { exec 9>&-; }
