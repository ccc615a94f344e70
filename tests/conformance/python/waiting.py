"""Sleeps, awakeables, signals, combinators, cancellation and workflows: the same services as those of the
TypeScript endpoint."""

from datetime import timedelta

import restate
from outside import effect, named, passed
from services import MILLISECOND, QUICK, refusal

HOUR = timedelta(hours=1)


def service(name):
    return restate.Service(named(name), invocation_retry_policy=QUICK)


sleeps = service("Sleeps")


async def _now_ms(ctx):
    return round(await ctx.time() * 1000)


@sleeps.handler()
async def nap(ctx: restate.Context, given: dict) -> int:
    began = await _now_ms(ctx)
    await ctx.sleep(given["ms"] * MILLISECOND)
    slept = await _now_ms(ctx) - began
    if "key" in given:
        ctx.generic_send(named("Counter"), "add", b"1", key=given["key"])
    return slept


@sleeps.handler()
async def naps(ctx: restate.Context, given: dict) -> int:
    began = await _now_ms(ctx)
    await restate.gather(*[ctx.sleep(given["ms"] * MILLISECOND) for _ in range(given["count"])])
    return await _now_ms(ctx) - began


awakeables = service("Awakeables")


@awakeables.handler()
async def wait(ctx: restate.Context, given: dict) -> object:
    name, promise = ctx.awakeable(type_hint=object)
    await ctx.run_typed("tell", effect, token=given["token"], value=name)
    return await promise


@awakeables.handler()
async def wait_caught(ctx: restate.Context, given: dict) -> object:
    try:
        return await wait(ctx, given)
    except restate.TerminalError as error:
        return refusal(error)


@awakeables.handler()
async def wait_for_two(ctx: restate.Context, given: dict) -> list:
    a, first = ctx.awakeable(type_hint=object)
    b, second = ctx.awakeable(type_hint=object)
    await ctx.run_typed("tell", effect, token=given["token"], value=[a, b])
    later = await second
    return [await first, later]


@awakeables.handler()
async def resolve(ctx: restate.Context, given: dict) -> None:
    ctx.resolve_awakeable(given["id"], given["value"])


@awakeables.handler()
async def reject(ctx: restate.Context, given: dict) -> None:
    ctx.reject_awakeable(given["id"], given["reason"])


signals = service("Signals")


@signals.handler("wait")
async def wait_for_signal(ctx: restate.Context, given: dict) -> object:
    await ctx.run_typed("tell", effect, token=given["token"], value=ctx.request().id)
    if "gate" in given:
        await ctx.run_typed("held", passed, gate=given["gate"])
    try:
        return await ctx.signal(given["name"], type_hint=object)
    except restate.TerminalError as error:
        return refusal(error)


@signals.handler("send")
async def send_signal(ctx: restate.Context, given: dict) -> None:
    ctx.resolve_signal(given["id"], given["name"], given["value"])


@signals.handler("refuse")
async def refuse_signal(ctx: restate.Context, given: dict) -> None:
    ctx.reject_signal(given["id"], given["name"], given["reason"])


combinators = service("Combinators")


@combinators.handler("all")
async def all_of(ctx: restate.Context) -> list:
    done = await restate.gather(ctx.run_typed("a", lambda: 1), ctx.run_typed("b", lambda: 2),
                                ctx.run_typed("c", lambda: 3))
    return [await one for one in done]


@combinators.handler()
async def race(ctx: restate.Context) -> str:
    match await restate.select(slow=ctx.sleep(HOUR), quick=ctx.sleep(10 * MILLISECOND)):
        case [name, _]:
            return name
    return "neither"


@combinators.handler()
async def timeout(ctx: restate.Context, given: dict) -> bool:
    _, promise = ctx.awakeable(type_hint=object)
    match await restate.select(value=promise, timeout=ctx.sleep(given["ms"] * MILLISECOND)):
        case ["timeout", _]:
            return True
    return False


holds = service("Holds")


async def _held(ctx, token, waiting):
    """Tells that it runs, waits for ever, and cleans up when it is cancelled."""
    try:
        await ctx.run_typed("in", effect, token=f"{token}/in", value=ctx.request().id)
        return await waiting()
    except restate.TerminalError as error:
        reason = refusal(error)
        await ctx.run_typed("clean up", effect, token=f"{token}/clean", value=reason)
        raise


@holds.handler()
async def asleep(ctx: restate.Context, given: dict) -> None:
    await _held(ctx, given["token"], lambda: ctx.sleep(HOUR))


@holds.handler()
async def awaiting(ctx: restate.Context, given: dict) -> None:
    await _held(ctx, given["token"], lambda: ctx.awakeable(type_hint=object)[1])


@holds.handler()
async def calling(ctx: restate.Context, given: dict) -> None:
    child = {"token": f"{given['token']}/child"}
    await _held(ctx, given["token"], lambda: ctx.service_call(asleep, child))


@holds.handler()
async def sending(ctx: restate.Context, given: dict) -> None:
    await ctx.service_send(asleep, {"token": f"{given['token']}/child"}).invocation_id()
    await _held(ctx, given["token"], lambda: ctx.sleep(HOUR))


@holds.handler()
async def stubborn(ctx: restate.Context, given: dict) -> str:
    try:
        await _held(ctx, given["token"], lambda: ctx.sleep(HOUR))
    except restate.TerminalError:
        await ctx.sleep(MILLISECOND)
    return "went on"


@holds.handler()
async def cancel(ctx: restate.Context, given: dict) -> object:
    ctx.cancel_invocation(given["id"])
    try:
        return await ctx.attach_invocation(given["id"], type_hint=object)
    except restate.TerminalError as error:
        return refusal(error)


order = restate.Workflow(named("Order"), invocation_retry_policy=QUICK)


@order.main()
async def run(ctx: restate.WorkflowContext, given: dict) -> dict:
    ctx.set("stage", "waiting")
    await ctx.run_typed("tell", effect, token=given["token"])
    try:
        answer = await ctx.promise("approval").value()
        ctx.set("stage", "approved")
        return {"key": ctx.key(), "answer": answer}
    except restate.TerminalError as error:
        ctx.set("stage", "refused")
        return {"key": ctx.key(), "refused": error.message}


@order.handler()
async def stage(ctx: restate.WorkflowSharedContext) -> str:
    return await ctx.get("stage") or ""


@order.handler()
async def approve(ctx: restate.WorkflowSharedContext, value: str) -> None:
    await ctx.promise("approval").resolve(value)


@order.handler()
async def refuse(ctx: restate.WorkflowSharedContext, reason: str) -> None:
    await ctx.promise("approval").reject(reason)


@order.handler()
async def look(ctx: restate.WorkflowSharedContext) -> dict:
    return {"seen": await ctx.promise("approval").peek()}


@order.handler("wait")
async def wait_for_approval(ctx: restate.WorkflowSharedContext) -> str:
    return await ctx.promise("approval").value()


@order.handler()
async def approve_again(ctx: restate.WorkflowSharedContext, value: str) -> dict:
    try:
        await ctx.promise("approval").resolve(value)
        return {}
    except restate.TerminalError as error:
        return {"code": error.status_code}
