#!/usr/bin/env bash
# The installed package is enough: installs the build into a folder of its own, builds
# sdk/examples/external against it as a stranger would, runs its server and loads its library.
set -euo pipefail

build=${HOLDFAST_BUILD:-build/dev}
folder=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-package.XXXXXX")
server=
clean_up() {
  if [[ -n $server ]]; then kill -9 "$server" 2>/dev/null || true; fi
  rm -rf "$folder"
}
trap clean_up EXIT
fail() {
  printf 'package_test: %s\n' "$*" >&2
  cat "$folder"/*.log >&2
  exit 1
}

# Where each thread of the server is, in the system and (where a debugger is) in the program.
whereabouts() {
  for task in /proc/"$server"/task/*; do
    printf '%s %s: %s\n' "${task##*/}" "$(<"$task/comm")" "$(<"$task/wchan")"
    cat "$task/stack" 2>/dev/null || true
  done
  if command -v gdb >/dev/null; then
    gdb --batch -p "$server" -ex 'thread apply all backtrace' 2>/dev/null || true
  fi
}
# start PROGRAM [ARG..]: a server on ports of the system's choice; sets $ingress. A start is a matter of
# milliseconds; a minute is for a disk that others keep busy.
start() {
  "$1" serve "${@:2}" --data "$folder/data" --ingress 127.0.0.1:0 --admin 127.0.0.1:0 \
    >"$folder/ready" 2>"$folder/server.log" &
  server=$!
  for _ in {1..1200}; do
    if grep -q ' ready: ' "$folder/ready"; then break; fi
    kill -0 "$server" 2>/dev/null || fail "$1 ended"
    sleep 0.05
  done
  ingress=$(sed -n 's/.* ingress \([^,]*\),.*/\1/p' "$folder/ready")
  if [[ -z $ingress ]]; then
    whereabouts >"$folder/whereabouts.log" 2>&1
    fail "$1 does not say where it listens"
  fi
}
stop() {
  kill "$server"
  wait "$server" || fail "the server did not stop cleanly: exit code $?"
  server=
  rm -r "$folder/data"
}
# expect WHAT GOT WANTED
expect() { [[ $2 == "$3" ]] || fail "$1: got '$2', not '$3'"; }
call() { curl -sS --max-time 20 "$ingress$1" -H 'content-type: application/json' -d "$2"; }

# A program that links a build with a sanitizer needs it too, and the compiler whose it is.
setting() { sed -n "s/^$1:[^=]*=//p" "$build/CMakeCache.txt"; }
build_type=$(setting CMAKE_BUILD_TYPE)
export CXX
CXX=$(setting CMAKE_CXX_COMPILER)
CXXFLAGS=$(setting "CMAKE_CXX_FLAGS_${build_type^^}")
# What a user writes is quiet, however strict the user's compiler is told to be.
export CXXFLAGS="$CXXFLAGS -Wall -Wextra -Werror"

cmake --install "$build" --prefix "$folder/installed" >"$folder/install.log"
{
  cmake -S sdk/examples/external -B "$folder/built" -G Ninja \
    -DCMAKE_PREFIX_PATH="$folder/installed" -DCMAKE_BUILD_TYPE=Debug
  cmake --build "$folder/built"
} >"$folder/build.log" 2>&1 || fail "the example does not build against the package"
if grep -rl "$PWD" "$folder/installed/lib" --include='*.cmake'; then
  fail "the package names the folder it was built in"
fi

start "$folder/built/my_server"
expect 'health of my_server' "$(curl -sS -o "$folder/health" -w '%{http_code}' \
  "$ingress/restate/health")" 200
expect 'a call to my_server' "$(call /Voice/shout '"hello"')" '"hello!"'
stop

start "$folder/installed/bin/holdfast" --load "$folder/built/my_plugin.so"
expect 'a call to the loaded library' "$(call /Whisper/whisper '"hello"')" '"(hello)"'
stop
echo "installed, built, linked, loaded"
