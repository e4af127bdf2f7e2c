# shellcheck shell=bash
# One package from PyPI into a folder, by whatever installer this machine has. `--target` needs no
# virtual environment, which Debian may lack, and is not refused as "externally managed".

uv=

find_uv() {
  if [[ -x $tools/uv-$uv_version/bin/uv ]]; then
    uv=$tools/uv-$uv_version/bin/uv
  elif works uv --version; then
    uv=$(command -v uv)
  else
    return 1
  fi
}

has_installer() {
  find_uv || works python3 -m pip --version || works pip --version || works python3 -c 'import ensurepip, venv'
}

# from_pypi FOLDER NAME==VERSION
from_pypi() {
  local folder=$1 wanted=$2 options=(--no-deps --only-binary ':all:')
  rm -rf "$folder.new" &&
    mkdir -p "$folder.new" &&
    if find_uv; then
      "$uv" pip install --no-config --no-python-downloads --python python3 --target "$folder.new" "${options[@]}" "$wanted"
    elif works python3 -m pip --version; then
      python3 -m pip install --target "$folder.new" "${options[@]}" "$wanted"
    elif works pip --version; then
      pip install --target "$folder.new" "${options[@]}" "$wanted"
    else
      python3 -m venv --clear "$tools/pip" &&
        "$tools/pip/bin/pip" install --target "$folder.new" "${options[@]}" "$wanted"
    fi &&
    rm -rf "$folder" &&
    mv -T "$folder.new" "$folder"
}

ensure_uv() {
  find_uv && return
  has_installer || fail "uv is missing, and nothing is here to get it with" \
    "this machine has neither uv nor pip" \
    "sudo apt install python3-pip (or python3-venv), then run it again"
  step "uv" from_pypi "$tools/uv-$uv_version" "uv==$uv_version" || fail_step "uv could not be installed"
  find_uv
}
