#!/usr/bin/env bash
# The fuzz targets, with clang's libFuzzer:
#
#   run.sh build             builds them all in build/fuzz
#   run.sh NAME              replays what is kept of one in tests/fuzz/corpus, then runs it for some seconds from
#                            its seeds alone, as a test
#   run.sh NAME SECONDS      the same for longer, from what is kept and what earlier such runs have found too
#   run.sh NAME keep         keeps of that, and of what is kept, as little as reaches as much
#
# An input that fails is left in build/fuzz/failed. Ends with 77 where clang or its libraries are missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

step=$1
seconds=${2:-8}
program=build/fuzz/fuzz/${step}_fuzz

scratch=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-fuzz.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

# libFuzzer comes in a package of its own.
if ! printf 'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }' |
  clang++-14 -x c++ -fsanitize=fuzzer,address,undefined -o "$scratch/probe" - 2>/dev/null; then
  echo 'SKIPPED: clang++-14 with libFuzzer is not installed (packages clang-14 and libclang-rt-14-dev)'
  exit 77
fi

if [[ $step == build ]]; then
  cmake --preset fuzz >/dev/null
  cmake --build --preset fuzz
  exit
fi

# The leak check needs rights that containers often withhold.
leaks=1
"$scratch/probe" -runs=1 2>/dev/null || leaks=0

# An input that takes ten seconds hangs.
mkdir -p build/fuzz/failed
run() {
  "$program" "$@" -max_len=2048 -timeout=10 -rss_limit_mb=1024 -detect_leaks=$leaks \
    -artifact_prefix="build/fuzz/failed/$step-" || {
    echo "run.sh: fuzz target $step fails; to run an input again: $program FILE" >&2
    exit 1
  }
}

kept=tests/fuzz/corpus/$step
mkdir "$scratch/kept"
if [[ -e $kept ]]; then
  python3 tests/fuzz/pack.py unpack "$kept" "$scratch/kept"
fi

if [[ $seconds == keep ]]; then
  mkdir "$scratch/fewest"
  mkdir -p "build/fuzz/corpus/$step"
  "$program" --write-seeds="$scratch/kept"
  run -merge=1 "$scratch/fewest" "$scratch/kept" "build/fuzz/corpus/$step"
  python3 tests/fuzz/pack.py pack "$scratch/fewest" "$kept"
  exit
fi

if (($# > 1)); then
  corpus=build/fuzz/corpus/$step
  mkdir -p "$corpus"
  cp -r "$scratch/kept/." "$corpus"
else
  corpus=$scratch/corpus
  run -runs=0 "$scratch/kept"
fi
"$program" --write-seeds="$corpus"
run "$corpus" -max_total_time="$seconds" -print_final_stats=1
