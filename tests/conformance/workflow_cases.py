"""Workflows: one run for each key, promises beside it."""

from cases import ALL, case
from world import same


@case(ALL)
def a_workflow_runs_once_for_its_key(w):
    path = f"Order/{w.token}"
    first = w.send(f"{path}/run", {"token": w.token})
    w.told()
    again = w.ask(f"{path}/run/send", {"token": w.token})
    same(again.status, 202, str(again))
    same(again.json(), {"invocationId": first, "status": "PreviouslyAccepted"})
    same(w.ask(f"{path}/run", {"token": w.token}).status, 409)
    # What a step has told the ledger may be seen before the state that was set ahead of it is stored.
    w.until("the stage is set", lambda: w.call(f"{path}/stage") == "waiting")
    workflow = f"workflow/{w.name('Order')}/{w.token}"
    same(w.restate("GET", f"{workflow}/output").status, 470)

    w.call(f"{path}/approve", "yes")

    want = {"key": w.token, "answer": "yes"}
    same(w.restate("GET", f"{workflow}/attach").json(), want)
    same(w.restate("GET", f"{workflow}/output").json(), want)
    same(w.call(f"{path}/stage"), "approved")
    same(len(w.effects()), 1)


@case(ALL)
def a_promise_is_seen_and_awaited_by_shared_handlers(w):
    path = f"Order/{w.token}"
    run = w.send(f"{path}/run", {"token": w.token})
    w.told()
    waits = w.send(f"{path}/wait")
    same(w.call(f"{path}/look"), {"seen": None})

    w.call(f"{path}/approve", "yes")

    same(w.result(waits), "yes")
    same(w.call(f"{path}/look"), {"seen": "yes"})
    same(w.result(run)["answer"], "yes")
    same(w.call(f"{path}/approve_again", "no"), {"code": 409})


@case(ALL)
def a_promise_can_be_refused(w):
    run = w.send(f"Order/{w.token}/run", {"token": w.token})
    w.told()

    w.call(f"Order/{w.token}/refuse", "too dear")

    same(w.result(run), {"key": w.token, "refused": "too dear"})
    same(w.call(f"Order/{w.token}/stage"), "refused")


@case(ALL)
def a_promise_may_be_resolved_before_the_run_asks_for_it(w):
    w.call(f"Order/{w.token}/approve", "early")

    same(w.call(f"Order/{w.token}/run", {"token": w.token}), {"key": w.token, "answer": "early"})
