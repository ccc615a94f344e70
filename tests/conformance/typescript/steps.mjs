// Recorded steps, their retries, and what is drawn at random.

import * as restate from "@restatedev/restate-sdk";
import { effect, named, passed } from "./outside.mjs";

const quick = { initialRetryInterval: 20, maxRetryInterval: 100 };

export const steps = restate.service({
  name: named("Steps"),
  handlers: {
    record: async (ctx, { token }) => {
      const first = await ctx.run("first", () => effect(`${token}/first`));
      const second = await ctx.run("second", async () => (await effect(`${token}/second`)) + 10);
      return [first, second];
    },

    // With a gate, one step waits there after its effect.
    sequence: async (ctx, { token, count, gate, at }) => {
      let sum = 0;
      for (let i = 0; i < count; i++) {
        sum += await ctx.run(`step ${i}`, async () => {
          if (token) await effect(`${token}/${i}`);
          if (gate && i === at) await passed(gate);
          return i;
        });
      }
      return sum;
    },

    parallel: async (ctx, { token, count }) =>
      restate.RestatePromise.all(
        Array.from({ length: count }, (_, i) =>
          ctx.run(`branch ${i}`, async () => {
            await effect(`${token}/${i}`);
            return i;
          })
        )
      ),

    terminal: async (ctx, { code, message }) => {
      await ctx.run("fails", () => {
        throw new restate.TerminalError(message, { errorCode: code });
      });
    },

    caught: async (ctx, { code, message }) => {
      try {
        await ctx.run("fails", () => {
          throw new restate.TerminalError(message, { errorCode: code });
        });
      } catch (error) {
        return { code: error.code, message: error.message };
      }
    },

    flaky: async (ctx, { token, failures }) =>
      ctx.run(
        "flaky",
        async () => {
          const count = await effect(token);
          if (count <= failures) throw new Error(`not yet ${count}`);
          return count;
        },
        quick
      ),

    exhausted: async (ctx, { token, attempts }) => {
      try {
        await ctx.run(
          "hopeless",
          async () => {
            await effect(token);
            throw new Error("never works");
          },
          { ...quick, maxRetryAttempts: attempts }
        );
      } catch (error) {
        return { terminal: error instanceof restate.TerminalError, message: error.message };
      }
    },

    large: async (ctx, { size }) => (await ctx.run("large", () => "x".repeat(size))).length,

    nothing: async (ctx) => {
      const value = await ctx.run("nothing", () => undefined);
      return { value: value ?? null };
    },

    echo: async (ctx, value) => value,

    drawn: async (ctx, { token, failures }) => {
      const values = [ctx.rand.random(), ctx.rand.random(), ctx.rand.uuidv4()];
      values.push(await ctx.date.now());
      await ctx.sleep(1);
      values.push(ctx.rand.uuidv4());
      if ((await effect(token, values)) <= failures) throw new Error("once more");
      return values;
    },
  },
});

export const failing = restate.service({
  name: named("Failing"),
  handlers: {
    terminal: async (ctx, { code, message, metadata }) => {
      throw new restate.TerminalError(message, { errorCode: code, metadata });
    },

    retried: async (ctx, { token, failures }) => {
      const recorded = await ctx.run("recorded", () => effect(`${token}/recorded`));
      const count = await effect(token);
      if (count <= failures) throw new Error(`attempt ${count}`);
      return { recorded, count };
    },

    delayed: async (ctx, { token, delay }) => {
      if ((await effect(token, Date.now())) === 1)
        throw new restate.RetryableError("later", { retryAfter: delay });
      return "done";
    },

    killed: restate.handlers.handler(
      { retryPolicy: { maxAttempts: 3, onMaxAttempts: "kill", initialInterval: 20 } },
      async (ctx, { token }) => {
        await effect(token);
        throw new Error("hopeless");
      }
    ),

    paused: restate.handlers.handler(
      { retryPolicy: { maxAttempts: 2, onMaxAttempts: "pause", initialInterval: 20 } },
      async (ctx, { token }) => {
        const count = await effect(token);
        if (count <= 2) throw new Error("needs a hand");
        return count;
      }
    ),

    unresponsive: restate.handlers.handler(
      { inactivityTimeout: 200, abortTimeout: 200 },
      async (ctx, { token, gate }) => {
        const count = await effect(token);
        if (count === 1) await passed(gate);
        return count;
      }
    ),

    // The second attempt issues another command than the first, the third the same again.
    changes_its_mind: async (ctx, { token }) => {
      const count = await effect(token);
      if (count === 2) await ctx.sleep(1);
      const value = await ctx.run("the step", () => "kept");
      if (count === 1) throw new Error("once more");
      return value;
    },
  },
});
