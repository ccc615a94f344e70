#!/usr/bin/env bash
# Kills a server in the middle of three runs, starts it again, and shows that every step ran once. Then
# the same with handlers in TypeScript beside it, where npm can be reached (demo_typescript.sh).
#
#   demo.sh PATH_OF_THE_DEMO_SERVER
#
# Ends with 0 only if no step ran twice and each result is the expected one.
set -euo pipefail

server=${1:?usage: demo.sh PATH_OF_THE_DEMO_SERVER}
folder=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-demo.XXXXXX")
export HOLDFAST_DEMO_LEDGER=$folder/ledger
touch "$HOLDFAST_DEMO_LEDGER"
server_pid=
endpoint_pid=

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
fail() {
  printf '\ndemo: %s\n' "$*" >&2
  if [[ -s $folder/server.log ]]; then
    printf 'the last lines of the server:\n' >&2
    tail -n 15 "$folder/server.log" >&2
  fi
  if [[ -s $folder/node.log ]]; then
    printf 'the last lines of the TypeScript process:\n' >&2
    tail -n 15 "$folder/node.log" >&2
  fi
  exit 1
}
clean_up() {
  if [[ -n $server_pid ]]; then kill -9 "$server_pid" 2>/dev/null || true; fi
  if [[ -n $endpoint_pid ]]; then kill -9 "$endpoint_pid" 2>/dev/null || true; fi
  rm -rf "$folder"
}
trap clean_up EXIT

# Two ports that are free now.
read -r ingress_port admin_port < <(python3 -c '
import socket
sockets = [socket.socket() for _ in range(2)]
for s in sockets: s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in sockets])')
ingress=http://127.0.0.1:$ingress_port
admin=http://127.0.0.1:$admin_port

# wait_for WHAT COMMAND..: until the command succeeds, at most 20 s.
wait_for() {
  local what=$1 deadline=$((SECONDS + 20))
  shift
  until "$@" >/dev/null 2>&1; do
    kill -0 "$server_pid" 2>/dev/null || fail "the server ended while waiting for $what"
    ((SECONDS < deadline)) || fail "gave up waiting for $what"
    sleep 0.05
  done
}

start_server() {
  "$server" serve --data "$folder/data" --ingress "127.0.0.1:$ingress_port" \
    --admin "127.0.0.1:$admin_port" >>"$folder/server.log" 2>&1 &
  server_pid=$!
  disown "$server_pid"  # Its end by SIGKILL is no news to the shell.
  wait_for 'the ingress port' curl -fsS "$ingress/restate/health"
  wait_for 'the admin port' curl -fsS "$admin/health"
}

# send PATH JSON: prints the id of the invocation.
send() {
  curl -fsS "$ingress$1" -H 'content-type: application/json' -d "$2" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["invocationId"])'
}

# result FILE PATH: waits for the result; the file gets the body, and the status on a line of its own.
result() { curl -sS --max-time 30 -w '\n%{http_code}' "$ingress$2" >"$1"; }

debits_and_reservation() {
  [[ $(grep -c ' debit ' "$HOLDFAST_DEMO_LEDGER") == 2 ]] &&
    [[ $(grep -c ' reserve ' "$HOLDFAST_DEMO_LEDGER") == 1 ]]
}
order_waits() { [[ $(curl -fsS -X POST "$ingress/Order/o-1/status") == *waiting* ]]; }
# The sleep is in the journal, and so is what came before it.
sleeps() { curl -fsS "$admin/invocations/$1" | grep -qi sleep; }

say "1. Start the server, two transfers and an order"
start_server
first_pid=$server_pid
printf '   server is process %s, data in %s\n' "$first_pid" "$folder/data"
good=$(send /Bank/transfer/send '{"from":"ada","to":"bob","cents":1500,"sleep_ms":4000}')
bad=$(send /Bank/transfer/send '{"from":"ada","to":"closed","cents":700,"sleep_ms":4000}')
order=$(send /Order/o-1/run/send '{"item":"teapot","quantity":2}')
printf '   %s  ada -> bob, 1500 cents\n   %s  ada -> a closed account, 700 cents\n' "$good" "$bad"
printf '   %s  order o-1, a teapot for two\n' "$order"
wait_for 'the first steps' debits_and_reservation
wait_for 'the order to wait for its approval' order_waits
wait_for 'the first transfer to sleep' sleeps "$good"
wait_for 'the second transfer to sleep' sleeps "$bad"
cp "$HOLDFAST_DEMO_LEDGER" "$folder/before"
printf '   both debits are booked and both transfers sleep; the order waits for a person\n'

say "2. kill -9 $first_pid"
kill -9 "$first_pid"
while kill -0 "$first_pid" 2>/dev/null; do sleep 0.02; done
printf '   gone\n'

say "3. Start it again on the same data, and approve the order"
start_server
second_pid=$server_pid
printf '   server is process %s\n' "$second_pid"
curl -fsS "$ingress/Order/o-1/approve" -H 'content-type: application/json' -d true >/dev/null ||
  fail "the approval was refused"
printf '   curl %s/Order/o-1/approve -d true\n' "$ingress"

result "$folder/good" "/restate/invocation/$good/attach"
result "$folder/bad" "/restate/invocation/$bad/attach"
result "$folder/order" "/restate/workflow/Order/o-1/attach"
for id in "$good" "$bad" "$order"; do
  curl -fsS "$admin/invocations/$id" >"$folder/$id.json" || echo '{}' >"$folder/$id.json"
done

python3 - "$folder" "$good" "$bad" "$order" "$first_pid" "$second_pid" <<'PYTHON'
import collections, json, sys

folder, good, bad, order, first_pid, second_pid = sys.argv[1:]
names = {good: "transfer to bob", bad: "transfer to closed", order: "order o-1"}
problems = []


def bold(text):
    print(f"\n\033[1m{text}\033[0m")


def read(name):
    with open(f"{folder}/{name}") as file:
        return file.read()


def short(value, size=72):
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= size else text[: size - 3] + "..."


bold("4. What each run wrote to its journal")
for run, name in names.items():
    document = json.loads(read(f"{run}.json"))
    print(f"\n   {name}  ({document.get('status', 'status unknown')})")
    entries = document.get("journal") or document.get("entries") or []
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict):
            print(f"     {index:2}  {short(entry)}")
            continue
        kind = entry.get("type") or entry.get("entry_type") or entry.get("kind") or "?"
        rest = {key: value for key, value in entry.items()
                if key not in ("index", "type", "entry_type", "kind") and value not in (None, "", [], {})}
        print(f"     {index:2}  {kind:<22} " +
              "  ".join(f"{key}={short(value, 44)}" for key, value in rest.items()))
    if not entries:
        problems.append(f"{name}: the admin API shows no journal")

bold("5. Which process ran which step")
ran = collections.OrderedDict()
for line in read("ledger").splitlines():
    run, step, pid = line.split()
    ran.setdefault((run, step), []).append(pid.removeprefix("pid="))
print(f"\n   {'':<20} {'step':<9} {'process ' + first_pid + ' (killed)':<26} process {second_pid}")
for (run, step), pids in sorted(ran.items(), key=lambda item: list(names).index(item[0][0])):
    counts = ["ran" + (f" {pids.count(pid)} times" if pids.count(pid) > 1 else "") if pid in pids else "-"
              for pid in (first_pid, second_pid)]
    print(f"   {names[run]:<20} {step:<9} {counts[0]:<26} {counts[1]}")
    if len(pids) != 1:
        problems.append(f"{names[run]}: {step} ran {len(pids)} times")
for line in read("before").splitlines():
    run, step, pid = line.split()
    if ran[(run, step)] != [pid.removeprefix("pid=")]:
        problems.append(f"{names[run]}: {step} had finished before the kill, and ran again")
expected_steps = {(good, "debit"), (good, "credit"), (bad, "debit"), (bad, "refund"),
                  (order, "reserve"), (order, "ship")}
if set(ran) != expected_steps:
    problems.append(f"other steps than expected: {sorted(set(ran) ^ expected_steps)}")

bold("6. What came of it")
print()
expected = {
    "good": (good, 200, lambda body: body == {"debit": "ada -1500", "credit": "bob +1500"}),
    "bad": (bad, 422, lambda body: "the account is closed" in json.dumps(body)),
    "order": (order, 200, lambda body: body == {"order": "o-1", "outcome": "shipped"}),
}
for name, (run, status, is_right) in expected.items():
    body, _, got = read(name).rpartition("\n")
    print(f"   {names[run]:<20} {got}  {short(body, 100)}")
    try:
        right = int(got) == status and is_right(json.loads(body))
    except ValueError:
        right = False
    if not right:
        problems.append(f"{names[run]}: expected {status} and another body")

if problems:
    print()
    for problem in problems:
        print(f"   WRONG  {problem}")
    sys.exit(1)
bold("Six steps, two processes, one kill -9 in between: each step ran exactly once.")
PYTHON

source "$(dirname "${BASH_SOURCE[0]}")/demo_typescript.sh"
