# shellcheck shell=bash
# dist/sails-supervisor.js: one file starts in half the time that the sources need.

bundle_is_current() {
  local bundle=$root/dist/sails-supervisor.js newer
  [[ -f $bundle ]] || return 1
  newer=$("$node" -e '
    const { statSync, globSync } = require("node:fs");
    const [bundle, ...files] = [process.argv[1], "src", "package.json", "scripts/build.ts", ...globSync("src/**")];
    const built = statSync(bundle).mtimeMs;
    process.stdout.write(files.find((file) => statSync(file).mtimeMs > built) ?? "");
  ' "$bundle") && [[ -z $newer ]]
}

ensure_bundle() {
  bundle_is_current && return
  step "bundle" "$node" scripts/build.ts || fail_step "the program could not be bundled"
}
