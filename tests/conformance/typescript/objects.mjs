// Virtual objects: their state, eager and lazy, and one exclusive handler at a time for each key.

import * as restate from "@restatedev/restate-sdk";
import { effect, named, passed } from "./outside.mjs";

const { exclusive, shared } = restate.handlers.object;

const values = async (ctx) => {
  const found = {};
  for (const key of (await ctx.stateKeys()).sort()) found[key] = await ctx.get(key);
  return found;
};

const handlers = () => ({
  add: exclusive(async (ctx, n) => {
    const total = ((await ctx.get("total")) ?? 0) + n;
    ctx.set("total", total);
    return total;
  }),
  total: shared(async (ctx) => (await ctx.get("total")) ?? 0),
  put: exclusive(async (ctx, entries) => {
    for (const [key, value] of Object.entries(entries)) ctx.set(key, value);
  }),
  drop: exclusive(async (ctx, key) => ctx.clear(key)),
  wipe: exclusive(async (ctx) => ctx.clearAll()),
  entries: shared(async (ctx) => values(ctx)),

  // What a handler reads back of its own writes, one line for each of them.
  reads_its_writes: exclusive(async (ctx) => {
    const seen = [await values(ctx)];
    ctx.set("a", 10);
    ctx.set("b", "");
    seen.push(await values(ctx));
    ctx.clear("a");
    seen.push(await ctx.get("a"));
    ctx.clearAll();
    seen.push(await values(ctx), await ctx.get("b"));
    ctx.set("c", { deep: [1, null] });
    seen.push(await values(ctx));
    return seen;
  }),

  add_and_fail: exclusive(async (ctx, n) => {
    ctx.set("total", n);
    throw new restate.TerminalError("after the write", { errorCode: 422 });
  }),

  add_and_retry: exclusive(async (ctx, { token, n }) => {
    const total = ((await ctx.get("total")) ?? 0) + n;
    ctx.set("total", total);
    if ((await effect(token)) === 1) throw new Error("after the write");
    return total;
  }),

  // Stays in its turn until the gate opens.
  hold: exclusive(async (ctx, { token, gate }) => {
    const total = (await ctx.get("total")) ?? 0;
    await ctx.run("held", async () => {
      await effect(token, "in");
      await passed(gate);
      await effect(token, "out");
    });
    ctx.set("total", total + 1);
    return total + 1;
  }),
});

export const counter = restate.object({ name: named("Counter"), handlers: handlers() });
export const lazy_counter = restate.object({
  name: named("LazyCounter"),
  handlers: handlers(),
  options: { enableLazyState: true },
});
