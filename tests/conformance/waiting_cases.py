"""Waiting for time, for somebody outside, for another handler, for one of many; being told to stop."""

from cases import ALL, FULL, case, values
from world import check, same

values(ALL, "Combinators/all", ("all waits for each and keeps their order", None, [1, 2, 3]))
values(ALL, "Combinators/race", ("race gives the quickest", None, "quick"))
values(ALL, "Combinators/timeout", ("a wait can have a time limit", {"ms": 50}, True))
values(FULL, "Combinators/all_fails", ("all fails with the first failure", None, "no b"))
values(FULL, "Combinators/any", ("any gives the first success", None, "the other"))
values(FULL, "Combinators/any_fails",
       ("any fails when all have failed", None, "all failed"))
values(FULL, "Combinators/all_settled",
       ("all settled tells of each how it went", None, [1, "no b", "slept"]))
values(FULL, "Combinators/in_time",
       ("what comes in time is not timed out", None, "in time"))


@case()
def nested_combinators_are_ready_when_one_branch_is(w):
    for first, want in (([1, 0], ["a", "b"]), ([2], "c")):
        token = f"{w.token}/{len(first)}"
        invocation = w.send("Combinators/nested", {"token": token})
        ids = w.told(token)

        for which in first:
            same(w.restate("POST", f"awakeables/{ids[which]}/resolve", "abc"[which]).status, 202)

        same(w.result(invocation), want)


@case(ALL)
def a_sleep_is_never_too_short(w):
    slept = w.call("Sleeps/nap", {"ms": 300})

    check(300 <= slept < 15000, f"it slept {slept} ms")


@case(ALL)
def a_hundred_sleeps_side_by_side_take_as_long_as_one(w):
    slept = w.call("Sleeps/naps", {"ms": 500, "count": 100})

    check(500 <= slept < 20000, f"they slept {slept} ms")


# Where a stream is held, the number of attempts depends on when it is given up. The C++ SDK names the
# leaves it waits for, not their tree, so it is resumed for each of them.
@case(("typescript",), modes=("suspending",))
def all_over_twenty_sleeps_is_resumed_once(w):
    if w.is_reference():
        return  # Its own switch decides whether it speaks version 7.
    same(w.call("Sleeps/staggered", {"ms": 30, "count": 20, "token": w.token}), 20)

    same(len(w.effects()), 2, "the number of attempts")


@case()
def a_sleeping_invocation_is_suspended_when_nothing_else_happens(w):
    if w.is_reference() and w.mode.startswith("bidi"):
        return  # There it waits a minute on its stream.
    invocation = w.send("Holds/asleep", {"token": w.token})

    w.wait_for_status(invocation, "suspended")
    w.change(invocation, "kill")


@case(ALL)
def a_client_resolves_an_awakeable(w):
    invocation = w.send("Awakeables/wait", {"token": w.token})
    awakeable = w.told()
    check(awakeable.startswith("sign_1"), awakeable)

    same(w.restate("POST", f"awakeables/{awakeable}/resolve", {"any": ["value"]}).status, 202)

    same(w.result(invocation), {"any": ["value"]})


@case(ALL)
def a_client_rejects_an_awakeable(w):
    invocation = w.send("Awakeables/wait_caught", {"token": w.token})

    answer = w.restate("POST", f"awakeables/{w.told()}/reject", b"no way")

    same(answer.status, 202, str(answer))
    same(w.result(invocation), {"code": 500, "message": "no way"})


@case(ALL)
def another_handler_resolves_and_rejects_awakeables(w):
    resolved = w.send("Awakeables/wait", {"token": f"{w.token}/a"})
    rejected = w.send("Awakeables/wait", {"token": f"{w.token}/b"})

    w.call("Awakeables/resolve", {"id": w.told(f"{w.token}/a"), "value": 7})
    w.call("Awakeables/reject", {"id": w.told(f"{w.token}/b"), "reason": "no way"})

    same(w.result(resolved), 7)
    answer = w.attach(rejected)
    same(answer.status, 500, str(answer))
    same(answer.json()["message"], "no way")


@case(ALL)
def the_first_completion_of_an_awakeable_counts(w):
    invocation = w.send("Awakeables/wait", {"token": w.token})
    awakeable = w.told()

    for value in (1, 2):
        same(w.restate("POST", f"awakeables/{awakeable}/resolve", value).status, 202)

    # The reference keeps both, and which one an SDK takes depends on when it looks.
    check(w.result(invocation) in ((1, 2) if w.is_reference() else (1,)), "the second one counted")


@case(ALL)
def awakeables_may_come_in_another_order_than_they_are_awaited(w):
    invocation = w.send("Awakeables/wait_for_two", {"token": w.token})
    a, b = w.told()

    w.restate("POST", f"awakeables/{a}/resolve", "a")
    w.restate("POST", f"awakeables/{b}/resolve", "b")

    same(w.result(invocation), ["a", "b"])


@case(ALL)
def an_awakeable_that_is_none_is_refused(w):
    same(w.restate("POST", "awakeables/nonsense/resolve", 1).status, 400)


@case(ALL)
def a_handler_sends_a_named_signal_to_another(w):
    invocation = w.send("Signals/wait", {"token": w.token, "name": "colour"})

    w.call("Signals/send", {"id": w.told(), "name": "other", "value": "green"})
    w.call("Signals/send", {"id": w.told(), "name": "colour", "value": "red"})

    same(w.result(invocation), "red")


@case(ALL)
def a_signal_that_comes_before_it_is_awaited_is_kept(w):
    invocation = w.send("Signals/wait", {"token": w.token, "name": "n", "gate": w.token})
    w.call("Signals/send", {"id": w.told(), "name": "n", "value": 9})

    w.driver.open(w.token)

    same(w.result(invocation), 9)


@case(ALL)
def a_signal_can_be_a_refusal(w):
    invocation = w.send("Signals/wait", {"token": w.token, "name": "colour"})

    w.call("Signals/refuse", {"id": w.told(), "name": "colour", "reason": "no colours"})

    same(w.result(invocation)["message"], "no colours")


@case(ALL)
def a_cancelled_handler_cleans_up_and_ends_with_409(w):
    for handler in ("asleep", "awaiting"):
        token = f"{w.token}/{handler}"
        invocation = w.send(f"Holds/{handler}", {"token": token})
        w.driver.wait(f"{token}/in")

        w.change(invocation, "cancel", 200, 202)

        same(w.attach(invocation).status, 409)
        same([error["code"] for error in w.effects(f"{token}/clean")], [409])
        same(w.invocation(invocation)["completion_result"], "failure")


@case(ALL)
def a_cancelled_caller_cancels_the_call_it_waits_for(w):
    invocation = w.send("Holds/calling", {"token": w.token})
    child = w.told(f"{w.token}/child/in")

    w.change(invocation, "cancel", 200, 202)

    same(w.attach(invocation).status, 409)
    same(w.attach(child).status, 409)
    same(len(w.effects(f"{w.token}/clean")), 1)
    same(len(w.driver.wait(f"{w.token}/child/clean")), 1)


@case(ALL)
def a_cancelled_handler_may_go_on(w):
    invocation = w.send("Holds/stubborn", {"token": w.token})
    w.driver.wait(f"{w.token}/in")

    w.change(invocation, "cancel", 200, 202)

    same(w.result(invocation), "went on")


@case(ALL)
def a_handler_cancels_another_invocation(w):
    invocation = w.send("Holds/asleep", {"token": w.token})
    w.driver.wait(f"{w.token}/in")

    same(w.call("Holds/cancel", {"id": invocation})["code"], 409)

    same(len(w.effects(f"{w.token}/clean")), 1)


@case(ALL)
def a_kill_ends_the_whole_tree_without_cleaning_up(w):
    for handler in ("calling", "sending"):
        token = f"{w.token}/{handler}"
        invocation = w.send(f"Holds/{handler}", {"token": token})
        child = w.told(f"{token}/child/in")

        w.change(invocation, "kill", 200, 202)

        same(w.attach(invocation).status, 409)
        same(w.attach(child).status, 409)
        same(w.effects(f"{token}/clean") + w.effects(f"{token}/child/clean"), [])


@case(ALL)
def what_has_ended_cannot_be_cancelled_or_killed(w):
    invocation = w.ask("Steps/echo", 1).headers["x-restate-id"]

    w.change(invocation, "cancel", 409)
    w.change(invocation, "kill", 409)


@case(ALL)
def an_operator_pauses_and_resumes(w):
    if w.is_reference() and not w.mode.startswith("bidi"):
        return  # It says 200 to pausing a suspended invocation, which then stays suspended.
    invocation = w.send("Awakeables/wait", {"token": w.token})
    awakeable = w.told()
    w.change(invocation, "pause", 200, 202)
    w.wait_for_status(invocation, "paused")

    w.restate("POST", f"awakeables/{awakeable}/resolve", "kept")
    w.change(invocation, "resume", 200, 409)  # What it waited for may have resumed it before.

    same(w.result(invocation), "kept")


@case(ALL)
def a_finished_invocation_is_purged(w):
    invocation = w.send("Steps/record", {"token": w.token}, headers={"idempotency-key": w.token})
    same(w.result(invocation), [1, 11])

    w.change(invocation, "purge", 200)

    w.until("it is gone", lambda: not w.invocation(invocation))
    same(w.attach(invocation).status, 404)


@case(ALL)
def a_finished_invocation_is_started_as_new(w):
    invocation = w.send("Steps/record", {"token": w.token})
    same(w.result(invocation), [1, 11])

    answer = w.change(invocation, "restart-as-new", 200)

    same(w.result(answer.json()["new_invocation_id"]), [2, 12])
