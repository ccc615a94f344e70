// Workflows: one run for each key, durable promises beside it.

import * as restate from "@restatedev/restate-sdk";
import { effect, named } from "./outside.mjs";

const { shared } = restate.handlers.workflow;

export const order = restate.workflow({
  name: named("Order"),
  handlers: {
    run: async (ctx, { token }) => {
      ctx.set("stage", "waiting");
      await ctx.run("tell", () => effect(token));
      try {
        const answer = await ctx.promise("approval");
        ctx.set("stage", "approved");
        return { key: ctx.key, answer };
      } catch (error) {
        ctx.set("stage", "refused");
        return { key: ctx.key, refused: error.message };
      }
    },
    stage: shared(async (ctx) => ctx.get("stage")),
    approve: shared(async (ctx, value) => ctx.promise("approval").resolve(value)),
    refuse: shared(async (ctx, reason) => ctx.promise("approval").reject(reason)),
    look: shared(async (ctx) => ({ seen: (await ctx.promise("approval").peek()) ?? null })),
    wait: shared(async (ctx) => ctx.promise("approval").get()),
    approve_again: shared(async (ctx, value) => {
      try {
        await ctx.promise("approval").resolve(value);
      } catch (error) {
        return { code: error.code };
      }
    }),
  },
});
