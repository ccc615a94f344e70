"""Calls from handler to handler, sends, ids, idempotency."""

import concurrent.futures
import datetime

from cases import ALL, FULL, case, values
from world import check, same

values(ALL, "Calls/relay",
       ("a chain of ten nested calls answers", 10, 10))
values(ALL, "Calls/fan",
       ("twenty calls side by side all answer", 20, 190))
values(ALL, "Calls/failure",
       ("the terminal error of a callee reaches the calling handler",
        {"code": 418, "message": "a teapot"}, {"code": 418, "message": "a teapot"}))
values(ALL, "Calls/with_header",
       ("a header that a handler gives reaches the callee", "red", "red"))
values(FULL, "Calls/hidden",
       ("a private handler answers other handlers", None, 42))


@case()
def a_private_handler_is_refused_to_clients(w):
    answer = w.ask("Hidden/answer")

    same(answer.status, 400, str(answer))


@case(ALL)
def a_call_of_an_object_changes_its_state(w):
    same(w.call("Calls/add", {"key": w.token, "n": 3}), 3)

    same(w.call(f"Counter/{w.token}/total"), 3)


@case(ALL)
def the_header_of_a_client_reaches_the_handler(w):
    same(w.call("Calls/header", "x-conformance", {"x-conformance": "blue"}), "blue")


@case(ALL)
def a_handler_knows_its_own_id(w):
    answer = w.ask("Calls/own_id")

    same(answer.json(), answer.headers["x-restate-id"])


@case(ALL)
def a_send_is_done_once_and_its_id_can_be_attached_to(w):
    invocation = w.call("Calls/send", {"token": w.token})

    same(w.result(invocation), 1)
    same(len(w.effects()), 1)
    row = w.invocation(invocation)
    same(row["invoked_by"], "service")
    same(row["target"], f"{w.name('Sink')}/note")


@case(ALL)
def a_delayed_send_waits_for_its_time(w):
    before = datetime.datetime.now(datetime.timezone.utc)
    invocation = w.call("Calls/send", {"token": w.token, "delay": 1200})
    same(w.invocation(invocation)["status"], "scheduled")
    same(len(w.effects()), 0)

    same(w.result(invocation), 1)

    # The SDK says when, in milliseconds, which is before the server hears of it.
    began = before.replace(microsecond=before.microsecond // 1000 * 1000)
    waited = moment(w.invocation(invocation)["running_at"]) - began
    check(waited >= datetime.timedelta(milliseconds=1200), f"it waited {waited}")
    same(len(w.effects()), 1)


@case(ALL)
def a_delayed_send_of_a_client_waits_for_its_time(w):
    answer = w.ask("Sink/note/send?delay=1s", {"token": w.token})
    same(answer.status, 202, str(answer))
    same(answer.json()["status"], "Accepted")
    invocation = answer.json()["invocationId"]
    same(w.invocation(invocation)["status"], "scheduled")
    same(w.restate("GET", f"invocation/{invocation}/output").status, 470)

    same(w.result(invocation), 1)


@case(ALL)
def a_delayed_send_that_is_cancelled_never_runs(w):
    invocation = w.send("Sink/note", {"token": w.token}, delay="1h")
    same(w.invocation(invocation)["status"], "scheduled")

    w.change(invocation, "cancel", 200, 202)

    check(w.attach(invocation).status in (404, 409), "it is neither forgotten nor cancelled")
    same(len(w.effects()), 0)


@case(ALL)
def many_sends_of_one_handler_all_arrive_once(w):
    w.call("Calls/send_many", {"key": w.token, "count": 50})

    w.until("all have arrived", lambda: w.call(f"Counter/{w.token}/total") == 50)


@case(ALL)
def sends_with_one_idempotency_key_are_one_invocation(w):
    first, second = w.call("Calls/send_twice", {"token": w.token, "key": w.token})

    same(first, second, "the second id")
    same(w.result(first), 1)
    same(len(w.effects()), 1)


@case()
def calls_with_one_idempotency_key_are_one_invocation(w):
    same(w.call("Calls/call_twice", {"token": w.token, "key": w.token}), [1, 1])

    same(len(w.effects()), 1)


@case(ALL)
def a_client_that_repeats_an_idempotency_key_gets_the_first_answer(w):
    key = {"idempotency-key": w.token}
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: w.ask("Sink/note", {"token": w.token}, key), range(4)))
    answers.append(w.ask("Sink/note", {"token": w.token}, key))

    same([answer.json() for answer in answers], [1] * 5)
    same(len({answer.headers["x-restate-id"] for answer in answers}), 1, "number of ids")
    again = w.ask("Sink/note/send", {"token": w.token}, key).json()
    same(again["status"], "PreviouslyAccepted")
    same(again["invocationId"], answers[0].headers["x-restate-id"])
    same(len(w.effects()), 1)
    attached = w.restate("GET", f"invocation/{w.name('Sink')}/note/{w.token}/attach")
    same(attached.json(), 1)


@case(ALL)
def a_handler_attaches_to_an_invocation_under_way(w):
    held = w.send(f"Counter/{w.token}/hold", {"token": w.token, "gate": w.token})
    w.driver.wait(w.token, 1)
    attached = w.send("Calls/attach", {"id": held})
    w.until("it waits", lambda: w.invocation(attached).get("journal_size", 0) >= 2)

    w.driver.open(w.token)

    same(w.result(attached), 1)


@case()
def a_generic_call_reaches_any_handler(w):
    same(w.call("Calls/proxy", {"service": w.name("Counter"), "handler": "add", "key": w.token,
                                "value": 5}), 5)
    invocation = w.call("Calls/proxy", {"service": w.name("Sink"), "handler": "note",
                                        "value": {"token": w.token}, "send": True})
    same(w.result(invocation), 1)


@case()
def handlers_in_two_languages_call_each_other(w):
    """Only where another language's endpoint of the same mode is there too."""
    others = {w.tag.replace(w.stand.sdk, sdk) for sdk in ALL} - {w.tag}
    for other in others & w.stand.neighbours:
        key = f"{w.token}/{other}"
        same(w.call("Calls/proxy", {"service": f"Calls_{other}", "handler": "relay", "value": 2}), 2)
        same(w.call("Calls/proxy", {"service": f"Calls_{other}", "handler": "proxy", "value": {
            "service": w.name("Counter"), "handler": "add", "key": key, "value": 5}}), 5)


@case(ALL)
def the_journal_can_be_read_by_queries(w):
    answer = w.ask("Steps/record", {"token": w.token})

    rows = w.query("select index, entry_type, name from sys_journal where "
                   f"id = '{answer.headers['x-restate-id']}' order by index")
    types = [row["entry_type"] for row in rows if row["entry_type"].startswith("Command")]
    same(types, ["Command: Input", "Command: Run", "Command: Run", "Command: Output"])
    same([row["name"] for row in rows if row["entry_type"] == "Command: Run"], ["first", "second"])
    same([row["index"] for row in rows], list(range(len(rows))))


@case(ALL)
def an_unknown_invocation_is_not_found(w):
    unknown = "inv_1jp6uyMi2HLz2mqBc3VgkZqi8JKJzmLJH9"

    same(w.attach(unknown).status, 404)
    same(w.restate("GET", f"invocation/{unknown}/output").status, 404)
    same(w.admin("PATCH", f"/invocations/{unknown}/cancel").status, 404)


@case(ALL)
def the_newer_paths_of_the_ingress_do_the_same(w):
    sink = w.name("Sink")
    same(w.restate("POST", f"call/{w.name('Counter')}/{w.token}/add", 4).json(), 4)
    sent = w.restate("POST", f"send/{sink}/note", {"token": w.token})
    same(sent.status, 202, str(sent))
    invocation = sent.json()["invocationId"]

    same(w.restate("GET", f"attach/{invocation}").json(), 1)
    same(w.restate("GET", f"output/{invocation}").json(), 1)
    target = {"target": "invocation", "invocationId": invocation}
    same(w.restate("POST", "attach", target).json(), 1)
    same(w.restate("POST", "output", target).json(), 1)
    w.ask("Sink/note", {"token": f"{w.token}/2"}, {"idempotency-key": w.token})
    found = w.restate("POST", "lookup", {
        "target": "idempotentInvocation", "service": sink, "handler": "note",
        "idempotencyKey": w.token})
    same(w.restate("GET", f"output/{found.json()['invocationId']}").json(), 1)


@case(ALL)
def two_hundred_waiting_handlers_are_all_woken(w):
    tokens = [f"{w.token}/{i}" for i in range(200)]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        ids = list(pool.map(lambda token: w.send("Awakeables/wait", {"token": token}), tokens))
        awakeables = [w.told(token) for token in tokens]
        list(pool.map(lambda pair: w.restate("POST", f"awakeables/{pair[0]}/resolve", pair[1]),
                      zip(awakeables, range(200))))

        same(list(pool.map(w.result, ids)), list(range(200)))


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
