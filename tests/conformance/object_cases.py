"""Virtual objects: state and turns."""

import concurrent.futures
import urllib.parse

from asking import ask
from cases import ALL, case
from world import check, same

OBJECTS = ("Counter", "LazyCounter")


@case(ALL)
def state_is_kept_between_calls_of_a_key(w):
    for kind in OBJECTS:
        same([w.call(f"{kind}/{w.token}/add", n) for n in (1, 2, 3)], [1, 3, 6], kind)
        same(w.call(f"{kind}/{w.token}/total"), 6, kind)
        same(w.call(f"{kind}/{w.token}-other/total"), 0, kind)


@case(ALL)
def entries_are_put_listed_dropped_and_wiped(w):
    for kind in OBJECTS:
        key = f"{kind}/{w.token}"
        w.call(f"{key}/put", {"a": 1, "b": "two", "c": {"deep": [3]}})
        same(w.call(f"{key}/entries"), {"a": 1, "b": "two", "c": {"deep": [3]}}, kind)

        w.call(f"{key}/drop", "b")
        same(w.call(f"{key}/entries"), {"a": 1, "c": {"deep": [3]}}, kind)

        w.call(f"{key}/wipe")
        same(w.call(f"{key}/entries"), {}, kind)


@case()
def a_handler_reads_its_own_writes(w):
    for kind in OBJECTS:
        w.call(f"{kind}/{w.token}/put", {"a": 1, "z": 26})

        same(w.call(f"{kind}/{w.token}/reads_its_writes"),
             [{"a": 1, "z": 26}, {"a": 10, "b": "", "z": 26}, None, {}, None,
              {"c": {"deep": [1, None]}}], kind)
        same(w.call(f"{kind}/{w.token}/entries"), {"c": {"deep": [1, None]}}, kind)


@case()
def state_written_before_a_terminal_error_stays(w):
    answer = w.ask(f"Counter/{w.token}/add_and_fail", 5)

    same(answer.status, 422, str(answer))
    same(w.call(f"Counter/{w.token}/total"), 5)


@case()
def state_written_before_a_failed_attempt_is_written_once(w):
    for kind in OBJECTS:
        w.call(f"{kind}/{w.token}/add", 10)

        same(w.call(f"{kind}/{w.token}/add_and_retry", {"token": f"{w.token}/{kind}", "n": 1}), 11)
        same(w.call(f"{kind}/{w.token}/total"), 11, kind)


@case(ALL)
def a_key_with_odd_characters_is_one_key(w):
    key = f"{w.token} é/%2F?"
    path = f"/{w.name('Counter')}/{urllib.parse.quote(key, safe='')}"
    for want in (1, 2):
        same(ask(w.server.ingress, "POST", f"{path}/add", 1).json(), want)
    rows = w.query("select service_key from state where service_name = "
                   f"'{w.name('Counter')}' and service_key = '{key}'")
    same([row["service_key"] for row in rows], [key])


@case(ALL)
def exclusive_handlers_of_a_key_run_one_at_a_time_in_order(w):
    ids = [w.send(f"Counter/{w.token}/hold", {"token": w.token, "gate": w.token})
           for _ in range(5)]
    w.driver.wait(w.token, 1)
    for later in ids[1:]:
        w.wait_for_status(later, "pending")
    same(w.effects(), ["in"], "what ran before the gate opened")

    w.driver.open(w.token)

    same([w.result(one) for one in ids], [1, 2, 3, 4, 5])
    same(w.effects(), ["in", "out"] * 5)


@case(ALL)
def a_shared_handler_runs_beside_an_exclusive_one(w):
    held = w.send(f"Counter/{w.token}/hold", {"token": w.token, "gate": w.token})
    w.driver.wait(w.token, 1)

    same(w.call(f"Counter/{w.token}/total"), 0)
    same(w.call(f"Counter/{w.token}-other/add", 1), 1)

    w.driver.open(w.token)
    same(w.result(held), 1)


@case(ALL)
def fifty_calls_to_one_key_at_once_all_count(w):
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        totals = list(pool.map(lambda _: w.call(f"Counter/{w.token}/add", 1), range(50)))

    same(sorted(totals), list(range(1, 51)))


@case(ALL)
def the_operator_replaces_the_state_of_a_key(w):
    w.call(f"Counter/{w.token}/put", {"total": 1, "old": 2})

    answer = w.admin("POST", f"/services/{w.name('Counter')}/state",
                     {"object_key": w.token, "new_state": {"total": list(b"41")}})

    same(answer.status, 202, str(answer))
    w.until("the state is replaced", lambda: w.call(f"Counter/{w.token}/entries") == {"total": 41})
    same(w.call(f"Counter/{w.token}/add", 1), 42)


@case(ALL)
def state_is_seen_by_queries(w):
    w.call(f"Counter/{w.token}/put", {"colour": "red"})

    rows = w.query("select service_name, key, value_utf8 from state where "
                   f"service_name = '{w.name('Counter')}' and service_key = '{w.token}'")

    same(rows, [{"service_name": w.name("Counter"), "key": "colour", "value_utf8": '"red"'}])


@case(ALL)
def a_queued_invocation_that_is_cancelled_never_runs(w):
    held = w.send(f"Counter/{w.token}/hold", {"token": w.token, "gate": w.token})
    w.driver.wait(w.token, 1)
    queued = w.send(f"Counter/{w.token}/hold", {"token": f"{w.token}/queued", "gate": w.token})
    w.wait_for_status(queued, "pending")

    w.change(queued, "cancel", 200, 202)

    check(w.attach(queued).status in (404, 409), "it is neither forgotten nor cancelled")
    w.driver.open(w.token)
    same(w.result(held), 1)
    check(not w.effects(f"{w.token}/queued"), "it ran")


@case(ALL)
def a_state_of_many_entries_is_given_whole(w):
    entries = {f"key {i:03}": "v" * 1000 for i in range(200)}
    for kind in OBJECTS:
        w.call(f"{kind}/{w.token}/put", entries)

        same(w.call(f"{kind}/{w.token}/entries"), entries, kind)
