"""Steps, failures, objects and calls: the same services as those of the TypeScript endpoint."""

import json
from datetime import timedelta

import restate
from outside import effect, named, passed

QUICK = restate.InvocationRetryPolicy(initial_interval=timedelta(milliseconds=50),
                                      max_interval=timedelta(milliseconds=500),
                                      exponentiation_factor=1.5)
MILLISECOND = timedelta(milliseconds=1)


def policy(attempts, then):
    return restate.InvocationRetryPolicy(initial_interval=20 * MILLISECOND, max_attempts=attempts,
                                         on_max_attempts=then)


def options(**more):
    return restate.RunOptions(initial_retry_interval=20 * MILLISECOND,
                              max_retry_interval=100 * MILLISECOND, **more)


def refusal(error):
    return {"code": error.status_code, "message": error.message}


# -- Steps.

steps = restate.Service(named("Steps"), invocation_retry_policy=QUICK)


@steps.handler()
async def record(ctx: restate.Context, given: dict) -> list:
    async def second():
        return await effect(f"{given['token']}/second") + 10
    one = await ctx.run_typed("first", effect, token=f"{given['token']}/first")
    return [one, await ctx.run_typed("second", second)]


@steps.handler()
async def sequence(ctx: restate.Context, given: dict) -> int:
    total = 0
    for i in range(given["count"]):
        async def step(i=i):
            if "token" in given:
                await effect(f"{given['token']}/{i}")
            if "gate" in given and given["at"] == i:
                await passed(given["gate"])
            return i
        total += await ctx.run_typed(f"step {i}", step)
    return total


@steps.handler()
async def parallel(ctx: restate.Context, given: dict) -> list:
    def branch(i):
        async def run():
            await effect(f"{given['token']}/{i}")
            return i
        return ctx.run_typed(f"branch {i}", run)
    done = await restate.gather(*[branch(i) for i in range(given["count"])])
    return [await one for one in done]


async def _fails(given):
    raise restate.TerminalError(given["message"], status_code=given["code"])


@steps.handler()
async def terminal(ctx: restate.Context, given: dict) -> None:
    await ctx.run_typed("fails", _fails, given=given)


@steps.handler()
async def caught(ctx: restate.Context, given: dict) -> dict:
    try:
        await ctx.run_typed("fails", _fails, given=given)
        return {}
    except restate.TerminalError as error:
        return refusal(error)


@steps.handler()
async def flaky(ctx: restate.Context, given: dict) -> int:
    async def step():
        count = await effect(given["token"])
        if count <= given["failures"]:
            raise ValueError(f"not yet {count}")
        return count
    return await ctx.run_typed("flaky", step, options())


@steps.handler()
async def exhausted(ctx: restate.Context, given: dict) -> dict:
    async def step():
        await effect(given["token"])
        raise ValueError("never works")
    try:
        await ctx.run_typed("hopeless", step, options(max_attempts=given["attempts"]))
        return {}
    except restate.TerminalError as error:
        return {"terminal": True, "message": error.message}


@steps.handler()
async def large(ctx: restate.Context, given: dict) -> int:
    return len(await ctx.run_typed("large", lambda: "x" * given["size"]))


@steps.handler()
async def echo(ctx: restate.Context, value: object) -> object:
    return value


failing = restate.Service(named("Failing"), invocation_retry_policy=QUICK)


@failing.handler("terminal")
async def failing_terminal(ctx: restate.Context, given: dict) -> None:
    await _fails(given)


@failing.handler()
async def retried(ctx: restate.Context, given: dict) -> dict:
    recorded = await ctx.run_typed("recorded", effect, token=f"{given['token']}/recorded")
    count = await effect(given["token"])
    if count <= given["failures"]:
        raise ValueError(f"attempt {count}")
    return {"recorded": recorded, "count": count}


@failing.handler(invocation_retry_policy=policy(3, "kill"))
async def killed(ctx: restate.Context, given: dict) -> None:
    await effect(given["token"])
    raise ValueError("hopeless")


@failing.handler(invocation_retry_policy=policy(2, "pause"))
async def paused(ctx: restate.Context, given: dict) -> int:
    count = await effect(given["token"])
    if count <= 2:
        raise ValueError("needs a hand")
    return count


# -- Objects.

def object_of(name, **more):
    """The handlers that keep state, once eager and once lazy."""
    kind = restate.VirtualObject(named(name), invocation_retry_policy=QUICK, **more)

    @kind.handler()
    async def add(ctx: restate.ObjectContext, n: int) -> int:
        total = (await ctx.get("total") or 0) + n
        ctx.set("total", total)
        return total

    @kind.handler(kind="shared")
    async def total(ctx: restate.ObjectSharedContext) -> int:
        return await ctx.get("total") or 0

    @kind.handler()
    async def put(ctx: restate.ObjectContext, given: dict) -> None:
        for key, value in given.items():
            ctx.set(key, value)

    @kind.handler()
    async def drop(ctx: restate.ObjectContext, key: str) -> None:
        ctx.clear(key)

    @kind.handler()
    async def wipe(ctx: restate.ObjectContext) -> None:
        ctx.clear_all()

    @kind.handler(kind="shared")
    async def entries(ctx: restate.ObjectSharedContext) -> dict:
        return {key: await ctx.get(key) for key in sorted(await ctx.state_keys())}

    @kind.handler()
    async def hold(ctx: restate.ObjectContext, given: dict) -> int:
        async def held():
            await effect(given["token"], "in")
            await passed(given["gate"])
            await effect(given["token"], "out")
        total = await ctx.get("total") or 0
        await ctx.run_typed("held", held)
        ctx.set("total", total + 1)
        return total + 1

    return kind


counter = object_of("Counter")
lazy_counter = object_of("LazyCounter", enable_lazy_state=True)


# -- Calls.

calls = restate.Service(named("Calls"), invocation_retry_policy=QUICK)
sink = restate.Service(named("Sink"), invocation_retry_policy=QUICK)


@sink.handler()
async def note(ctx: restate.Context, given: dict) -> int:
    return await ctx.run_typed("note", effect, token=given["token"])


async def generic(ctx, service, handler, value, key=None, **more):
    answer = await ctx.generic_call(service, handler, json.dumps(value).encode(), key=key, **more)
    return json.loads(answer) if answer else None


@calls.handler()
async def header(ctx: restate.Context, name: str) -> str:
    return ctx.request().headers.get(name, "")


@calls.handler()
async def own_id(ctx: restate.Context) -> str:
    return ctx.request().id


@calls.handler("add")
async def calls_add(ctx: restate.Context, given: dict) -> int:
    return await generic(ctx, counter.name, "add", given["n"], given["key"])


@calls.handler()
async def relay(ctx: restate.Context, depth: int) -> int:
    return 0 if depth == 0 else 1 + await ctx.service_call(relay, depth - 1)


@calls.handler("echo")
async def calls_echo(ctx: restate.Context, value: int) -> int:
    return value


@calls.handler()
async def fan(ctx: restate.Context, count: int) -> int:
    done = await restate.gather(*[ctx.service_call(calls_echo, i) for i in range(count)])
    return sum([await one for one in done])


@calls.handler()
async def failure(ctx: restate.Context, given: dict) -> dict:
    try:
        await ctx.service_call(failing_terminal, given)
        return {}
    except restate.TerminalError as error:
        return refusal(error)


@calls.handler()
async def with_header(ctx: restate.Context, value: str) -> str:
    return await ctx.service_call(header, "x-conformance", headers={"x-conformance": value})


@calls.handler()
async def send(ctx: restate.Context, given: dict) -> str:
    delay = given["delay"] * MILLISECOND if "delay" in given else None
    sent = ctx.service_send(note, {"token": given["token"]}, send_delay=delay)
    return await sent.invocation_id()


@calls.handler()
async def send_many(ctx: restate.Context, given: dict) -> None:
    for _ in range(given["count"]):
        ctx.generic_send(counter.name, "add", b"1", key=given["key"])


@calls.handler()
async def send_twice(ctx: restate.Context, given: dict) -> list:
    sent = [ctx.service_send(note, {"token": given["token"]}, idempotency_key=given["key"])
            for _ in range(2)]
    return [await one.invocation_id() for one in sent]


@calls.handler()
async def attach(ctx: restate.Context, given: dict) -> object:
    return await ctx.attach_invocation(given["id"], type_hint=object)


@calls.handler()
async def proxy(ctx: restate.Context, given: dict) -> object:
    return await generic(ctx, given["service"], given["handler"], given["value"], given.get("key"))
