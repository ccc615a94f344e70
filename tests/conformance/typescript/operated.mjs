// What cli_test.py has an operator look at and act upon: an invocation of every kind, each of which stays as
// it is until somebody acts. Started as app.mjs is. CONFORMANCE_REVISION 2 of Extra has one handler more.

import http2 from "node:http2";
import * as restate from "@restatedev/restate-sdk";
import { effect, passed } from "./outside.mjs";

const { exclusive, shared } = restate.handlers.object;
const hour = 3_600_000;
const revision = process.env.CONFORMANCE_REVISION || "1";
const only = process.env.CONFORMANCE_ONLY;

// A handler in the middle of a step, its second one, until the gate opens.
const busy = async (ctx, { token, gate }) => {
  await ctx.run("before", () => "ready");
  return ctx.run("busy step", async () => {
    await effect(token);
    await passed(gate);
    return "done";
  });
};

const cart = restate.object({
  name: "Cart",
  handlers: {
    add: exclusive(async (ctx, n) => {
      const total = ((await ctx.get("total")) ?? 0) + n;
      ctx.set("total", total);
      ctx.set("owner", ctx.key);
      return total;
    }),
    hold: exclusive(busy),
    total: shared(async (ctx) => (await ctx.get("total")) ?? 0),
  },
});

const greeter = restate.service({
  name: "Greeter",
  handlers: {
    greet: async (ctx, name) => ctx.run("compose", () => `Hello ${name}`),
    fail: async () => {
      throw new restate.TerminalError("no luck", { errorCode: 422 });
    },
    nap: async (ctx) => {
      await ctx.run("before", () => "ready");
      await ctx.sleep(hour, "long nap");
    },
    wait: async (ctx, token) => {
      const { id, promise } = ctx.awakeable();
      await ctx.run("tell", () => effect(token, id));
      return promise;
    },
    // The next attempt is an hour away, unless an operator resumes it.
    flaky: restate.handlers.handler({ retryPolicy: { initialInterval: hour } }, async (ctx, token) => {
      await ctx.run("good step", () => 1);
      if ((await effect(token)) === 1) throw new Error("broken at first");
      return "mended";
    }),
    call: async (ctx, key) => ctx.objectClient(cart, key).add(1),
    busy,
  },
});

const order = restate.workflow({
  name: "Order",
  handlers: {
    run: async (ctx) => {
      ctx.set("stage", "waiting");
      return ctx.promise("approval");
    },
    approve: async (ctx, value) => ctx.promise("approval").resolve(value),
  },
});

const extra = restate.service({
  name: "Extra",
  handlers: {
    first: async () => "first",
    ...(revision === "2" ? { second: async () => "second" } : {}),
  },
});

const all = [greeter, cart, order, extra];
const handler = restate.createEndpointHandler({
  services: only ? all.filter((service) => service.name === only) : all.filter((one) => one !== extra),
  // Every wait is a suspension at once, so that what is waiting is never seen running.
  defaultServiceOptions: { inactivityTimeout: 0 },
});
http2.createServer(handler).listen(Number(process.env.CONFORMANCE_PORT), "127.0.0.1", () => console.log("ready"));
