"""What survives a kill. Each case yields where the driver kills the server, the endpoint, or both, and
starts them again; it holds for all of them."""

import threading

from asking import ask
from cases import ALL, case
from world import check, same


@case(ALL)
def steps_done_before_the_kill_are_not_done_again(w):
    invocation = w.send("Steps/sequence", {"token": w.token, "count": 6, "gate": w.token, "at": 3})
    w.driver.wait(f"{w.token}/3")

    yield

    w.driver.open(w.token)
    same(w.result(invocation), 15)
    counts = [len(w.effects(f"{w.token}/{i}")) for i in range(6)]
    check(counts[3] in (1, 2), counts)  # Its outcome was not recorded when the kill came.
    same(counts[:3] + counts[4:], [1] * 5)


@case(ALL)
def two_kills_in_a_row_lose_nothing(w):
    invocation = w.send("Steps/sequence", {"token": w.token, "count": 4, "gate": w.token, "at": 2})
    w.driver.wait(f"{w.token}/2")
    yield
    w.driver.wait(f"{w.token}/2", 2)
    yield

    w.driver.open(w.token)
    same(w.result(invocation), 6)
    same([len(w.effects(f"{w.token}/{i}")) for i in (0, 1, 3)], [1] * 3)


@case(ALL)
def a_sleep_goes_on_and_ends_once(w):
    """What it does after the sleep is counted by an object: a call is made once, wherever the kill hits."""
    invocation = w.send("Sleeps/nap", {"ms": 2000, "key": w.token})
    w.until("it sleeps", lambda: w.invocation(invocation).get("journal_size", 0) >= 3)

    yield

    check(w.result(invocation) >= 2000, "it slept too short")
    w.until("the call has arrived", lambda: w.call(f"Counter/{w.token}/total") >= 1)
    same(w.call(f"Counter/{w.token}/total"), 1)


@case(ALL)
def delayed_sends_all_arrive_once(w):
    ids = [w.send(f"Counter/{w.token}/add", 1, delay="2s") for _ in range(20)]

    yield

    same(sorted(w.result(one) for one in ids), list(range(1, 21)))
    same(w.call(f"Counter/{w.token}/total"), 20)


@case(ALL)
def a_queue_for_a_key_keeps_its_order(w):
    ids = [w.send(f"Counter/{w.token}/hold", {"token": w.token, "gate": w.token})
           for _ in range(5)]
    w.driver.wait(w.token)

    yield

    w.driver.open(w.token)
    same([w.result(one) for one in ids], [1, 2, 3, 4, 5])


@case(ALL)
def an_awakeable_is_still_awaited(w):
    invocation = w.send("Awakeables/wait", {"token": w.token})
    awakeable = w.told()

    yield

    same(w.restate("POST", f"awakeables/{awakeable}/resolve", 3).status, 202)
    same(w.result(invocation), 3)
    same(set(w.effects()), {awakeable})  # When it was told again, then the same.


@case(ALL)
def a_workflow_still_waits_for_its_promise(w):
    run = w.send(f"Order/{w.token}/run", {"token": w.token})
    w.told()

    yield

    w.until("the stage is set", lambda: w.call(f"Order/{w.token}/stage") == "waiting")
    w.call(f"Order/{w.token}/approve", "yes")
    same(w.result(run)["answer"], "yes")
    same(w.ask(f"Order/{w.token}/run", {"token": w.token}).status, 409)


@case(ALL)
def a_call_of_another_handler_is_made_once(w):
    caller = w.send("Calls/proxy", {"service": w.name("Counter"), "handler": "hold", "key": w.token,
                                    "value": {"token": w.token, "gate": w.token}})
    w.driver.wait(w.token)

    yield

    w.driver.open(w.token)
    same(w.result(caller), 1)
    same(w.call(f"Counter/{w.token}/total"), 1)


@case(ALL)
def a_tree_can_still_be_cancelled(w):
    invocation = w.send("Holds/calling", {"token": w.token})
    child = w.told(f"{w.token}/child/in")

    yield

    w.change(invocation, "cancel")
    same(w.attach(invocation).status, 409)
    same(w.attach(child).status, 409)
    same(len(w.effects(f"{w.token}/child/clean")), 1)


@case(ALL)
def a_paused_invocation_stays_paused(w):
    invocation = w.send("Failing/paused", {"token": w.token})
    w.wait_for_status(invocation, "paused")

    yield

    same(w.invocation(invocation)["status"], "paused")
    same(len(w.effects()), 2)
    w.change(invocation, "resume")
    same(w.result(invocation), 3)


@case(ALL)
def a_finished_call_is_not_made_again_for_its_idempotency_key(w):
    key = {"idempotency-key": w.token}
    before = w.ask("Sink/note", {"token": w.token}, key)

    yield

    after = w.ask("Sink/note", {"token": w.token}, key)
    same(after.json(), 1)
    same(after.headers["x-restate-id"], before.headers["x-restate-id"])
    same(len(w.effects()), 1)


@case(ALL)
def state_is_kept(w):
    w.call(f"Counter/{w.token}/put", {"total": 41, "colour": "red"})

    yield

    same(w.call(f"Counter/{w.token}/add", 1), 42)
    same(w.call(f"Counter/{w.token}/entries"), {"total": 42, "colour": "red"})


@case(ALL)
def calls_under_way_in_a_kill_count_once_when_repeated_with_their_key(w):
    """A client adds without a pause, and repeats what got no answer."""
    stopping = threading.Event()
    tried = []

    def add(number):
        tried.append(number)
        while True:
            try:
                answer = ask(w.server.ingress, "POST", w.path(f"Counter/{w.token}/add"), 1,
                             {"idempotency-key": f"{w.token}/{number}"})
            except OSError:
                stopping.wait(0.05)
                continue
            if answer.status == 200:
                return
            check(answer.status in (429, 503), f"add: {answer}")
            stopping.wait(0.05)

    def client():
        while not stopping.is_set():
            add(len(tried))

    thread = threading.Thread(target=client, daemon=True)
    thread.start()
    w.until("some calls are made", lambda: len(tried) > 10)
    yield
    before = len(tried)
    w.until("more calls are made", lambda: len(tried) > before + 10)
    stopping.set()
    thread.join()

    same(w.call(f"Counter/{w.token}/total"), len(tried))
