// Waiting: for time, for somebody outside, for another handler, for the first or the last of many;
// and being told to stop while waiting.

import * as restate from "@restatedev/restate-sdk";
import { effect, named, passed } from "./outside.mjs";

const { RestatePromise, TerminalError } = restate;
const counter = { name: named("Counter") };
const hour = { hours: 1 };
const refusal = (error) => ({ code: error.code, message: error.message });

export const sleeps = restate.service({
  name: named("Sleeps"),
  handlers: {
    nap: async (ctx, { ms, key }) => {
      const began = await ctx.date.now();
      await ctx.sleep(ms);
      const slept = (await ctx.date.now()) - began;
      if (key) ctx.objectSendClient(counter, key).add(1);
      return slept;
    },
    naps: async (ctx, { ms, count }) => {
      const began = await ctx.date.now();
      await RestatePromise.all(Array.from({ length: count }, () => ctx.sleep(ms)));
      return (await ctx.date.now()) - began;
    },
    // Tells of each attempt.
    staggered: async (ctx, { ms, count, token }) => {
      await effect(token);
      await RestatePromise.all(Array.from({ length: count }, (_, i) => ctx.sleep(ms * (i + 1))));
      return count;
    },
  },
});

export const awakeables = restate.service({
  name: named("Awakeables"),
  handlers: {
    wait: async (ctx, { token }) => {
      const { id, promise } = ctx.awakeable();
      await ctx.run("tell", () => effect(token, id));
      return promise;
    },
    wait_caught: async (ctx, { token }) => {
      const { id, promise } = ctx.awakeable();
      await ctx.run("tell", () => effect(token, id));
      try {
        return await promise;
      } catch (error) {
        return refusal(error);
      }
    },
    // Both are made first; the second one is awaited first.
    wait_for_two: async (ctx, { token }) => {
      const a = ctx.awakeable();
      const b = ctx.awakeable();
      await ctx.run("tell", () => effect(token, [a.id, b.id]));
      const second = await b.promise;
      return [await a.promise, second];
    },
    resolve: async (ctx, { id, value }) => ctx.resolveAwakeable(id, value),
    reject: async (ctx, { id, reason }) => ctx.rejectAwakeable(id, reason),
  },
});

export const signals = restate.service({
  name: named("Signals"),
  handlers: {
    wait: async (ctx, { token, name, gate }) => {
      await ctx.run("tell", () => effect(token, ctx.request().id));
      if (gate) await ctx.run("held", () => passed(gate));
      try {
        return await ctx.signal(name);
      } catch (error) {
        return refusal(error);
      }
    },
    send: async (ctx, { id, name, value }) => ctx.invocation(id).signal(name).resolve(value),
    refuse: async (ctx, { id, name, reason }) => ctx.invocation(id).signal(name).reject(reason),
  },
});

export const combinators = restate.service({
  name: named("Combinators"),
  handlers: {
    all: async (ctx) =>
      RestatePromise.all([ctx.run("a", () => 1), ctx.sleep(10).map(() => 2), ctx.run("c", () => 3)]),
    all_fails: async (ctx) => {
      const never = ctx.awakeable().promise;
      try {
        await RestatePromise.all([never, ctx.run("b", () => { throw new TerminalError("no b"); })]);
      } catch (error) {
        return error.message;
      }
    },
    race: async (ctx) =>
      RestatePromise.race([ctx.sleep(hour).map(() => "slow"), ctx.sleep(10).map(() => "quick")]),
    any: async (ctx) => {
      const fails = ctx.run("fails", () => { throw new TerminalError("no"); });
      return RestatePromise.any([fails, ctx.sleep(10).map(() => "the other")]);
    },
    any_fails: async (ctx) => {
      const fails = (name) => ctx.run(name, () => { throw new TerminalError(name); });
      try {
        await RestatePromise.any([fails("a"), fails("b")]);
      } catch (error) {
        return "all failed";
      }
    },
    all_settled: async (ctx) => {
      const results = await RestatePromise.allSettled([
        ctx.run("a", () => 1),
        ctx.run("b", () => { throw new TerminalError("no b"); }),
        ctx.sleep(10).map(() => "slept"),
      ]);
      return results.map((r) => (r.status === "fulfilled" ? r.value : r.reason.message));
    },
    timeout: async (ctx, { ms }) => {
      try {
        await ctx.awakeable().promise.orTimeout(ms);
      } catch (error) {
        return error instanceof restate.TimeoutError;
      }
    },
    in_time: async (ctx) => ctx.run("quick", () => "in time").orTimeout(hour),
    // Whichever comes first: both of the first two, or the third.
    nested: async (ctx, { token }) => {
      const [a, b, c] = [ctx.awakeable(), ctx.awakeable(), ctx.awakeable()];
      await ctx.run("tell", () => effect(token, [a.id, b.id, c.id]));
      return RestatePromise.race([
        RestatePromise.all([a.promise, b.promise]),
        RestatePromise.any([c.promise, ctx.sleep(hour)]),
      ]);
    },
  },
});

// Tells that it runs, waits for ever, and cleans up when it is cancelled.
async function held(ctx, token, waiting) {
  try {
    await ctx.run("in", () => effect(`${token}/in`, ctx.request().id));
    return await waiting(ctx);
  } catch (error) {
    await ctx.run("clean up", () => effect(`${token}/clean`, refusal(error)));
    throw error;
  }
}

const holds = { name: named("Holds") };
export const holds_service = restate.service({
  name: holds.name,
  handlers: {
    asleep: async (ctx, { token }) => held(ctx, token, () => ctx.sleep(hour)),
    awaiting: async (ctx, { token }) => held(ctx, token, () => ctx.awakeable().promise),
    calling: async (ctx, { token }) =>
      held(ctx, token, () => ctx.serviceClient(holds).asleep({ token: `${token}/child` })),
    sending: async (ctx, { token }) => {
      const { invocationId } = ctx.serviceSendClient(holds).asleep({ token: `${token}/child` });
      await invocationId;
      return held(ctx, token, () => ctx.sleep(hour));
    },
    // Cancelled once, it goes on and answers all the same.
    stubborn: async (ctx, { token }) => {
      try {
        await held(ctx, token, () => ctx.sleep(hour));
      } catch (error) {
        await ctx.sleep(1);
        return "went on";
      }
    },
    cancel: async (ctx, { id }) => {
      ctx.cancel(id);
      try {
        return await ctx.attach(id);
      } catch (error) {
        return refusal(error);
      }
    },
  },
});
