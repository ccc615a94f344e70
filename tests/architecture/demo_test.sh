#!/usr/bin/env bash
# The demo of the README does what it says, with the server that was built. It checks itself.
set -euo pipefail

bash sdk/examples/demo.sh "$(realpath "${HOLDFAST_BUILD:-build/dev}")/examples/demo"
