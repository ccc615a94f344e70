#!/usr/bin/env bash
# Ends with 0 where a program may look for its leaks: that needs rights that containers often withhold.
set -euo pipefail

scratch=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-leaks.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
printf 'int main() { return 0; }' >"$scratch/probe.cc"
clang++-14 -fsanitize=address -o "$scratch/probe" "$scratch/probe.cc"
ASAN_OPTIONS=detect_leaks=1 "$scratch/probe" 2>/dev/null
