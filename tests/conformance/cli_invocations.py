"""What an operator sees of invocations and does with them, by the command line tool."""

import re

from world import check, same


# -- Lists. Each tells what it shows; the scene has one invocation of every kind.

def listed(w, *words):
    """The ids, and it says how many there are."""
    said = w.tool("invocations", "list", *words)
    ids = said.shown_invocations()
    said.has(f"Showing {len(ids)}/")
    return ids


def of_eve(w):
    return {w.holding, w.queued, w.called}


def unfinished(w):
    return of_eve(w) | {w.napping, w.waiting, w.broken, w.calling, w.busy, w.later, w.order}


def the_list_shows_what_is_not_completed_unless_all_is_asked_for(w):
    same(set(listed(w)), unfinished(w))

    ids = listed(w, "--all")
    check({w.done, w.failed} | unfinished(w) <= set(ids), f"not all are in {ids}")


def the_list_has_the_newest_first_or_the_oldest(w):
    for words, order in ((("--oldest-first",), "created_at"), ((), "created_at desc")):
        rows = w.query("select id from sys_invocation where status != 'completed' "
                       f"order by {order}, id limit 3")
        same(listed(w, "--limit", "3", *words), [row["id"] for row in rows])


def the_list_is_narrowed_by_service_handler_and_key(w):
    same(set(listed(w, "--service", "Cart")), of_eve(w))
    same(listed(w, "--service", "Greeter", "--handler", "nap"), [w.napping])
    same(set(listed(w, "--service", "Cart", "--key", "eve")), of_eve(w))
    same(listed(w, "--service", "Cart", "--key", "nobody"), [])


def the_list_is_narrowed_by_status(w):
    for status, ids in {"suspended": {w.napping, w.waiting, w.calling, w.order},
                        "pending": {w.queued, w.called}, "scheduled": {w.later},
                        "running": {w.busy, w.holding}, "backing-off": {w.broken},
                        "paused": set()}.items():
        same(set(listed(w, "--status", status)), ids, status)


def the_list_of_completed_ones_is_narrowed_by_their_result(w):
    same(listed(w, "--completion-result", "failure"), [w.failed])
    check(w.done in listed(w, "--completion-result", "success"), "the one that succeeded is not there")


def the_list_is_narrowed_by_deployment(w):
    same(set(listed(w, "--deployment", w.deployment)), unfinished(w) - {w.queued, w.called, w.later})
    same(listed(w, "--zombie"), [])


def the_list_is_narrowed_to_virtual_objects(w):
    same(set(listed(w, "--virtual-objects-only")), of_eve(w))


def the_list_tells_of_each_what_it_is_doing(w):
    said = w.tool("invocations", "list", "--status", "backing-off")
    said.has("Target: Greeter/flaky", "Status: backing-off", "Retried 1 time(s).", "Next retry in",
             "broken at first", f"Deployment: {w.deployment} [required]")

    said = w.tool("invocations", "list", "--service", "Cart", "--status", "pending")
    said.has("Target: Cart/eve/add", "Status: pending", f"Invoked by: Greeter/call {w.calling}")


# -- One invocation, with its journal.

def described(w, invocation):
    return w.tool("invocations", "describe", invocation)


def one_that_waits_for_an_awakeable_shows_its_steps(w):
    described(w, w.waiting).has(
        "Target: Greeter/wait", "Status: suspended", f"Deployment: {w.deployment} [required]",
        "Command: Input", "Command: Run [tell]", "Notification: Run", ">> suspended")


def one_that_sleeps_shows_until_when(w):
    said = described(w, w.napping).has("Target: Greeter/nap", "Status: suspended", "Command: Run [before]")

    check(re.search(r"Command: Sleep \[long nap\] until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} .*"
                    r"\(59 minutes, .* left\)", said.text), f"no hour of sleep:\n{said}")


def one_that_waits_for_its_call_shows_whom_it_called(w):
    described(w, w.calling).has("Status: suspended", f"Command: Call Cart/eve/add {w.called}")

    described(w, w.called).has("Status: pending", "Greeter/call", "Cart/eve/add")


def a_workflow_shows_the_keys_of_its_state_and_its_promise(w):
    described(w, w.order).has("Target: Order/o1/run", "Status: suspended", "Command: SetState key stage",
                              "Command: GetPromise key approval")


def one_that_backs_off_shows_its_failure_and_its_next_attempt(w):
    described(w, w.broken).has(
        "Status: backing-off", "Retried 1 time(s).", "Next retry in", "broken at first",
        "Command: Run [good step]", ">> backing-off")


def one_that_has_not_begun_shows_why(w):
    described(w, w.queued).has("Target: Cart/eve/add", "Status: pending").lacks("Deployment:")
    described(w, w.later).has("Target: Greeter/greet", "Status: scheduled").lacks("Deployment:")


def one_that_runs_shows_its_steps(w):
    described(w, w.busy).has("Target: Greeter/busy", "Status: running",
                             f"Deployment: {w.deployment} [required] using restate-sdk-typescript/",
                             "Command: Run [before]", ">> running")


def one_that_is_completed_shows_how_it_ended(w):
    described(w, w.done).has("Status: completed with success", "Idempotency key: k1",
                             "Command: Run [compose]", "Command: Output", ">> completed")
    described(w, w.failed).has("Status: completed with failure", "Idempotency key: k2",
                               "Error: [422] no luck")


def one_that_is_not_there_is_said_to_be_missing(w):
    w.tool.refused("invocations", "describe", "inv_1jp6uyMi2HLz2mqBc3VgkZqi8JKJzmLJH9").has("not found")


# -- Verbs: by id, and by target.

def one_that_backs_off_is_paused_and_resumed_by_its_id(w):
    w.tool("invocations", "pause", w.broken).has(f"{w.broken} Greeter/flaky", "Paused 1 invocations")
    w.wait_for_status(w.broken, "paused")
    described(w, w.broken).has("Status: paused", ">> paused")
    same(listed(w, "--status", "paused"), [w.broken])

    w.tool("invocations", "resume", w.broken).has("Resumed 1 invocations")
    same(w.result(w.broken), "mended")


def one_that_backs_off_is_resumed_at_once_without_a_pause(w):
    invocation = w.send("Greeter/flaky", "resumed")
    w.wait_for_status(invocation, "backing-off")

    w.tool("invocations", "resume", "Greeter/flaky").has(f"{invocation} Greeter/flaky",
                                                         "Resumed 1 invocations")

    same(w.result(invocation), "mended")


def one_that_is_paused_is_resumed_on_the_latest_deployment(w):
    invocation = w.send("Greeter/flaky", "latest")
    w.wait_for_status(invocation, "backing-off")
    w.tool("invocations", "pause", invocation)
    w.wait_for_status(invocation, "paused")

    w.tool("invocations", "resume", "--deployment", "latest", invocation).has("Resumed 1 invocations")

    same(w.result(invocation), "mended")


def one_that_runs_is_paused_and_resumed_by_its_target(w):
    invocation = w.at_gate("Cart/zed/hold", "zed")

    w.tool("invocations", "pause", "Cart/zed/hold").has(f"{invocation} Cart/zed/hold",
                                                        "Paused 1 invocations")
    w.driver.open("zed")  # The reference lets a step end first.
    w.wait_for_status(invocation, "paused")

    w.tool("invocations", "resume", "Cart/zed").has("Resumed 1 invocations")
    same(w.result(invocation), "done")


def one_that_is_cancelled_by_its_id_fails_with_409(w):
    invocation = w.send("Greeter/wait", "cancelled")
    w.told("cancelled")

    w.tool("invocations", "cancel", invocation).has(f"{invocation} Greeter/wait",
                                                    "Cancelled 1 invocations")

    w.wait_for_status(invocation, "completed")
    described(w, invocation).has("Status: completed with failure", "Error: [409] Cancelled")


def all_of_a_handler_are_cancelled_by_their_target(w):
    others = [w.send("Greeter/nap") for _ in range(2)]

    w.tool("invocations", "cancel", "Greeter/nap").has(w.napping, *others, "Cancelled 3 invocations")

    for one in (w.napping, *others):
        w.wait_for_status(one, "completed")


def one_in_the_queue_of_a_key_is_cancelled_and_the_key_is_freed_by_a_kill(w):
    holding = w.at_gate("Cart/yan/hold", "yan")
    queued = w.send("Cart/yan/add", 1)

    w.tool("invocations", "cancel", "Cart/yan/add").has(f"{queued} Cart/yan/add", "Cancelled 1 invocations")
    w.until("it has left the queue", lambda: w.invocation(queued).get("status") in (None, "completed"))
    w.tool("invocations", "kill", "Cart/yan").has(f"{holding} Cart/yan/hold", "Killed 1 invocations")

    same(w.call("Cart/yan/add", 1), 1)


def one_that_runs_is_killed_by_its_id(w):
    w.tool("invocations", "kill", w.busy).has(f"{w.busy} Greeter/busy", "Killed 1 invocations")

    w.wait_for_status(w.busy, "completed")
    described(w, w.busy).has("Status: completed with failure", "Error: [409] killed")


def a_cancel_finds_nothing_where_nothing_is(w):
    for query in ("Nope/nothing", w.done):
        w.tool.refused("invocations", "cancel", query).has(f"No invocations found for query {query}!")


def one_that_is_completed_is_restarted_as_new_by_its_id(w):
    said = w.tool("invocations", "restart-as-new", w.done).has("Restarted 1 invocations:", "OLD ID NEW ID")

    pair = re.search(rf"{w.done} (inv_\w+)", said.text.partition("NEW ID")[2])
    check(pair and pair.group(1) != w.done, f"no new id:\n{said}")
    same(w.result(pair.group(1)), "Hello Ada")


def one_that_is_completed_is_purged_by_its_id(w):
    w.tool("invocations", "purge", w.failed).has(f"{w.failed} Greeter/fail", "Purged 1 invocations")

    w.until("it is gone", lambda: not w.invocation(w.failed))
    w.tool.refused("invocations", "describe", w.failed).has("not found")


def a_workflow_that_is_completed_is_purged_by_its_target_and_runs_again(w):
    first = w.send("Order/o2/run")
    w.call("Order/o2/approve", "yes")
    same(w.result(first), "yes")
    w.wait_for_status(first, "completed")

    w.tool("invocations", "purge", "Order/o2/run").has(f"{first} Order/o2/run", "Purged 1 invocations")

    w.until("it is gone", lambda: not w.invocation(first))
    w.wait_for_status(w.send("Order/o2/run"), "suspended")  # Its promise is a new one.


LOOKS = (
    the_list_shows_what_is_not_completed_unless_all_is_asked_for,
    the_list_has_the_newest_first_or_the_oldest,
    the_list_is_narrowed_by_service_handler_and_key,
    the_list_is_narrowed_by_status,
    the_list_of_completed_ones_is_narrowed_by_their_result,
    the_list_is_narrowed_by_deployment,
    the_list_is_narrowed_to_virtual_objects,
    the_list_tells_of_each_what_it_is_doing,
    one_that_waits_for_an_awakeable_shows_its_steps,
    one_that_sleeps_shows_until_when,
    one_that_waits_for_its_call_shows_whom_it_called,
    a_workflow_shows_the_keys_of_its_state_and_its_promise,
    one_that_backs_off_shows_its_failure_and_its_next_attempt,
    one_that_has_not_begun_shows_why,
    one_that_runs_shows_its_steps,
    one_that_is_completed_shows_how_it_ended,
    one_that_is_not_there_is_said_to_be_missing,
)
# After all others, because they change what those look at.
VERBS = (
    one_that_backs_off_is_paused_and_resumed_by_its_id,
    one_that_backs_off_is_resumed_at_once_without_a_pause,
    one_that_is_paused_is_resumed_on_the_latest_deployment,
    one_that_runs_is_paused_and_resumed_by_its_target,
    one_that_is_cancelled_by_its_id_fails_with_409,
    all_of_a_handler_are_cancelled_by_their_target,
    one_in_the_queue_of_a_key_is_cancelled_and_the_key_is_freed_by_a_kill,
    one_that_runs_is_killed_by_its_id,
    a_cancel_finds_nothing_where_nothing_is,
    one_that_is_completed_is_restarted_as_new_by_its_id,
    one_that_is_completed_is_purged_by_its_id,
    a_workflow_that_is_completed_is_purged_by_its_target_and_runs_again,
)
