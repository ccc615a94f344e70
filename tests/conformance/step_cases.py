"""Recorded steps, their failures, and failures of whole attempts."""

import concurrent.futures
import time

from cases import ALL, FULL, case, values
from world import check, same

values(ALL, "Steps/caught", (
    "a step that fails for good gives its code and message to the handler",
    {"code": 418, "message": "a teapot"}, {"code": 418, "message": "a teapot"}))
values(ALL, "Steps/sequence",
       ("fifty steps one after the other keep all their values", {"count": 50}, 1225))
values(ALL, "Steps/large",
       ("a step keeps a value of four mebibytes", {"size": 1 << 22}, 1 << 22))
values(FULL, "Steps/nothing",
       ("a step may have no value", {}, {"value": None}))


@case(ALL)
def a_step_is_done_once_and_its_value_is_kept(w):
    same(w.call("Steps/record", {"token": w.token}), [1, 11])

    same(len(w.effects(f"{w.token}/first")), 1)
    same(len(w.effects(f"{w.token}/second")), 1)


@case(ALL)
def steps_side_by_side_are_all_done_once(w):
    same(w.call("Steps/parallel", {"token": w.token, "count": 8}), list(range(8)))

    same([len(w.effects(f"{w.token}/{i}")) for i in range(8)], [1] * 8)


@case(ALL)
def a_step_that_fails_for_good_ends_the_call_with_its_code(w):
    answer = w.ask("Steps/terminal", {"code": 418, "message": "a teapot"})

    same(answer.status, 418, str(answer))
    same(answer.json()["message"], "a teapot")


@case(ALL)
def a_flaky_step_is_tried_again_until_it_works(w):
    same(w.call("Steps/flaky", {"token": w.token, "failures": 3}), 4)

    same(len(w.effects()), 4)


@case(ALL)
def a_step_that_used_up_its_attempts_fails_for_good(w):
    same(w.call("Steps/exhausted", {"token": w.token, "attempts": 3})["terminal"], True)

    same(len(w.effects()), 3)


@case()
def what_is_drawn_at_random_is_the_same_in_every_attempt(w):
    answered = w.call("Steps/drawn", {"token": w.token, "failures": 2})

    attempts = w.effects()
    same(len(attempts), 3)
    check(all(attempt == answered for attempt in attempts), f"drawn: {attempts}")
    check(answered[0] != answered[1] and answered[2] != answered[4], f"drawn: {answered}")


@case()
def two_invocations_draw_different_values(w):
    first = w.call("Steps/drawn", {"token": f"{w.token}/1", "failures": 0})
    second = w.call("Steps/drawn", {"token": f"{w.token}/2", "failures": 0})

    check(first[0] != second[0] and first[2] != second[2], f"{first} and {second}")


@case(ALL)
def a_value_of_a_mebibyte_goes_in_and_comes_out(w):
    value = "é" * (1 << 19)

    check(w.call("Steps/echo", value) == value, "it came back changed")


@case(ALL)
def a_call_gets_the_id_of_its_invocation(w):
    answer = w.ask("Steps/echo", 7)

    same(answer.status, 200, str(answer))
    check(answer.headers["x-restate-id"].startswith("inv_"), dict(answer.headers))
    same(answer.headers["content-type"], "application/json")
    same(w.invocation(answer.headers["x-restate-id"])["status"], "completed")


@case(ALL)
def a_terminal_error_reaches_the_caller_with_code_and_message(w):
    for code in (400, 404, 409, 500, 599):
        answer = w.ask("Failing/terminal", {"code": code, "message": f"number {code}"})

        same(answer.status, code, str(answer))
        same(answer.json()["message"], f"number {code}")


@case()
def a_terminal_error_keeps_its_metadata(w):
    if w.mode == "bidi-v5":
        return  # Version 5 has none.
    answer = w.ask("Failing/terminal", {"code": 418, "message": "m", "metadata": {"colour": "red"}})

    same(answer.json()["metadata"], {"colour": "red"})


@case(ALL)
def a_failed_attempt_is_tried_again_without_repeating_recorded_steps(w):
    same(w.call("Failing/retried", {"token": w.token, "failures": 3}), {"recorded": 1, "count": 4})

    same(len(w.effects(f"{w.token}/recorded")), 1)


@case()
def a_handler_says_when_it_wants_to_be_tried_again(w):
    same(w.call("Failing/delayed", {"token": w.token, "delay": 1500}), "done")

    first, second = w.effects()
    check(second - first >= 1400, f"tried again after {second - first} ms")


@case(ALL)
def after_its_last_attempt_an_invocation_is_killed_when_so_configured(w):
    answer = w.ask("Failing/killed", {"token": w.token})

    check(answer.status >= 400, str(answer))
    same(len(w.effects()), 3)


@case(ALL)
def after_its_last_attempt_an_invocation_pauses_and_can_be_resumed(w):
    invocation = w.send("Failing/paused", {"token": w.token})
    row = w.wait_for_status(invocation, "paused")
    same(len(w.effects()), 2)
    if not w.is_reference():  # There the failure of a paused invocation is in another table.
        check("needs a hand" in row["last_failure"], row["last_failure"])

    w.change(invocation, "resume", 200)

    same(w.result(invocation), 3)


@case()
def a_handler_that_changes_its_mind_is_told_so_and_recovers(w):
    invocation = w.send("Failing/changes_its_mind", {"token": w.token})

    same(w.result(invocation), "kept")
    check(len(w.effects()) >= 3, w.effects())


@case(ALL)
def the_highest_common_version_is_used_and_kept(w):
    answer = w.ask("Steps/echo", 1)
    row = w.invocation(answer.headers["x-restate-id"])

    highest = {"bidi-v5": 5, "bidi-v6": 6}.get(w.mode, w.server.highest_version)
    same(row["pinned_service_protocol_version"], highest)
    check(row["pinned_deployment_id"].startswith("dp_"), row["pinned_deployment_id"])


@case(ALL)
def an_invocation_without_a_handler_is_refused(w):
    same(w.ask("Steps/nowhere", {}).status, 404)
    same(w.ask("Nothing/nowhere", {}).status, 404)


@case()
def an_attempt_that_does_not_react_is_dropped_and_tried_again(w):
    """Its inactivity and abort timeouts are 200 ms; its first attempt waits for nothing we know of."""
    same(w.call("Failing/unresponsive", {"token": w.token, "gate": f"{w.token}/never"}), 2)


@case(("python",), ("bidi",))
def a_server_that_ends_a_connection_after_a_thousand_requests_loses_no_attempt(w):
    # Hypercorn does, and forgets what is under way on it: nothing comes for 5 s and more.
    many = 1050

    def call(_):
        began = time.monotonic()
        count = w.call("Failing/retried", {"token": w.token, "failures": 0})["count"]
        return count, time.monotonic() - began

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(call, range(many)))

    same(sorted(count for count, _ in answers), list(range(1, many + 1)))
    slowest = max(seconds for _, seconds in answers)
    check(slowest < 4.5, f"the slowest call took {slowest:.1f} s")
