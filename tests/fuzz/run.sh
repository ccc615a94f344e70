#!/usr/bin/env bash
# The fuzz targets, with clang's libFuzzer:
#
#   run.sh NAME              replays what is kept of one in tests/fuzz/corpus, then runs it for some seconds from
#                            its seeds alone, as a test
#   run.sh NAME SECONDS      the same for longer, from what is kept and what earlier such runs have found too
#   run.sh NAME keep         keeps of that, and of what is kept, as little as reaches as much
#
# HOLDFAST_BUILD names the folder they are built in, build/asan if it is not set. An input that fails is left in
# fuzz/failed there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

name=$1
seconds=${2:-8}
folder=${HOLDFAST_BUILD:-build/asan}/fuzz
program=$folder/${name}_fuzz

scratch=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-fuzz.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

leaks=1
tests/sanitize/leaks_can_be_found.sh || leaks=0

# An input that takes ten seconds hangs.
mkdir -p "$folder/failed"
run() {
  "$program" "$@" -max_len=2048 -timeout=10 -rss_limit_mb=1024 -detect_leaks=$leaks \
    -artifact_prefix="$folder/failed/$name-" || {
    echo "run.sh: fuzz target $name fails; to run an input again: $program FILE" >&2
    exit 1
  }
}

kept=tests/fuzz/corpus/$name
mkdir "$scratch/kept"
if [[ -e $kept ]]; then
  python3 tests/fuzz/pack.py unpack "$kept" "$scratch/kept"
fi

if [[ $seconds == keep ]]; then
  mkdir "$scratch/fewest"
  mkdir -p "$folder/corpus/$name"
  "$program" --write-seeds="$scratch/kept"
  run -merge=1 "$scratch/fewest" "$scratch/kept" "$folder/corpus/$name"
  python3 tests/fuzz/pack.py pack "$scratch/fewest" "$kept"
  exit
fi

if (($# > 1)); then
  corpus=$folder/corpus/$name
  mkdir -p "$corpus"
  cp -r "$scratch/kept/." "$corpus"
else
  corpus=$scratch/corpus
  run -runs=0 "$scratch/kept"
fi
"$program" --write-seeds="$corpus"
run "$corpus" -max_total_time="$seconds" -print_final_stats=1
