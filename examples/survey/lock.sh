#!/bin/sh
# Makes requirements-locked.txt from pyproject.toml. Versions that are locked stay
# unless pyproject.toml rules them out; `./lock.sh --upgrade` takes the newest.
set -eu
cd "$(dirname "$0")"
exec uv pip compile pyproject.toml --output-file requirements-locked.txt \
    --universal --generate-hashes --no-emit-index-url --no-emit-find-links --quiet \
    --custom-compile-command ./lock.sh "$@"
