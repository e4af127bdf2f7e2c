# shellcheck shell=bash
# A Python environment with Prefect, exactly as a lock file says. PATH is a symbolic link to
# PATH.versions/HASH-PYTHON: a new one is built beside, tried, and switched to by one rename, so that
# an interrupted build changes nothing and flows that run keep the one that they started in.

# is_current PATH HASH
is_current() {
  local version
  version=$(readlink "$1") || return 1
  version=${version##*/}
  [[ $version == "$2-"* && $("$1/bin/python" -ISc 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) == "${version#"$2-"}" ]]
}

find_python() {
  "$uv" python find --no-config --no-python-downloads --system "${SAILS_ENVIRONMENT_PYTHON:-$python_range}" 2>/dev/null
}

# build FOLDER LOCK PYTHON. `--relocatable`: the scripts in bin/ find their Python beside them, where
# others name the folder that they were installed in.
build_environment() {
  rm -rf "$1" &&
    "$uv" venv --no-config --no-python-downloads --relocatable --python "$3" "$1" &&
    "$uv" pip install --no-config --no-python-downloads --compile-bytecode --python "$1/bin/python" --require-hashes -r "$2" &&
    "$1/bin/prefect" --version
}

# ensure_environment LABEL LOCK PATH
ensure_environment() {
  local label=$1 lock=$2 path=$3 hash python version
  [[ -f $lock ]] || fail "$label cannot be built" "the file $lock is missing" \
    "'git status' shows what is missing from the checkout, 'git checkout .' brings it back"
  hash=$(sha256sum <"$lock")
  hash=${hash:0:12}
  is_current "$path" "$hash" && return
  if [[ -e $path && ! -L $path ]]; then
    [[ -x $path/bin/prefect ]] && say "$path was not made by this script: used as it is" && return
    fail "$label cannot be built" "$path is there already and has no Prefect in it" \
      "set SAILS_ENVIRONMENT_PATH to another folder, or remove that one"
  fi
  ensure_uv
  python=$(find_python) || fail "$label cannot be built" \
    "no Python ${SAILS_ENVIRONMENT_PYTHON:-$python_range} was found (python3 here is $(python3 --version 2>&1))" \
    "on Ubuntu 22.04 'sudo apt install python3.11'; elsewhere '$uv python install 3.12' puts one into your home folder; then run it again"
  version=$hash-$("$python" -ISc 'import sys; print("%d.%d" % sys.version_info[:2])')
  mkdir -p "$path.versions"
  if [[ ! -d $path.versions/$version ]]; then
    step "$label" build_environment "$path.versions/$version.new" "$lock" "$python" || fail_step "$label could not be built"
    mv -T "$path.versions/$version.new" "$path.versions/$version"
  fi
  ln -sfn "${path##*/}.versions/$version" "$path.new"
  mv -T "$path.new" "$path"
}
