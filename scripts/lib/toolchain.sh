# shellcheck shell=bash
# Sourced by the scripts beside this folder: gets what they need into the checkout, nothing outside
# it, and nothing that is there already. Needs bash, coreutils, python3, and one of npm, pip and uv.

set -euo pipefail
root=$(cd -- "${BASH_SOURCE[0]%/*}/../.." && pwd -P)
tools=$root/.tools
mkdir -p "$tools" || exit
step_network=

source "$root/scripts/lib/versions.sh"
source "$root/scripts/lib/say.sh"
source "$root/scripts/lib/step.sh"
source "$root/scripts/lib/machine.sh"
source "$root/scripts/lib/pypi.sh"
source "$root/scripts/lib/node.sh"
source "$root/scripts/lib/python-environment.sh"
source "$root/scripts/lib/bundle.sh"

cd "$root"
have python3 || fail "python3 is missing" "Prefect is a Python program" "sudo apt install python3, then run it again"
stop_cleanly_on_signals
