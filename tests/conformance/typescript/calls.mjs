// Calls between handlers: with an answer, one way, later, by key, in chains; also for other languages.

import * as restate from "@restatedev/restate-sdk";
import { effect, named } from "./outside.mjs";

const self = { name: named("Calls") };
const sink = { name: named("Sink") };
const counter = { name: named("Counter") };
const failing = { name: named("Failing") };
const hidden = { name: named("Hidden") };
const { opts, sendOpts } = restate.rpc;

export const calls = restate.service({
  name: self.name,
  handlers: {
    echo: async (ctx, value) => value,
    header: async (ctx, name) => ctx.request().headers.get(name) ?? null,
    own_id: async (ctx) => ctx.request().id,

    add: async (ctx, { key, n }) => ctx.objectClient(counter, key).add(n),

    relay: async (ctx, depth) =>
      depth === 0 ? 0 : 1 + (await ctx.serviceClient(self).relay(depth - 1)),

    fan: async (ctx, count) => {
      const client = ctx.serviceClient(self);
      const numbers = await restate.RestatePromise.all(
        Array.from({ length: count }, (_, i) => client.echo(i))
      );
      return numbers.reduce((a, b) => a + b, 0);
    },

    failure: async (ctx, input) => {
      try {
        await ctx.serviceClient(failing).terminal(input);
      } catch (error) {
        return { code: error.code, message: error.message };
      }
    },

    with_header: async (ctx, value) =>
      ctx.serviceClient(self).header("x-conformance", opts({ headers: { "x-conformance": value } })),

    hidden: async (ctx) => ctx.serviceClient(hidden).answer(),

    send: async (ctx, { token, delay }) =>
      ctx.serviceSendClient(sink).note({ token }, sendOpts({ delay })).invocationId,

    send_many: async (ctx, { key, count }) => {
      for (let i = 0; i < count; i++) ctx.objectSendClient(counter, key).add(1);
    },

    send_twice: async (ctx, { token, key }) => {
      const client = ctx.serviceSendClient(sink);
      const first = client.note({ token }, sendOpts({ idempotencyKey: key }));
      const second = client.note({ token }, sendOpts({ idempotencyKey: key }));
      return [await first.invocationId, await second.invocationId];
    },

    call_twice: async (ctx, { token, key }) => {
      const client = ctx.serviceClient(sink);
      const first = client.note({ token }, opts({ idempotencyKey: key }));
      const second = client.note({ token }, opts({ idempotencyKey: key }));
      return [await first, await second];
    },

    attach: async (ctx, { id }) => ctx.attach(id),

    // Any handler of any service, in whatever language it is written.
    proxy: async (ctx, { service, handler, key, value, send, delay, idempotencyKey }) => {
      const call = {
        service,
        method: handler,
        key,
        parameter: value,
        idempotencyKey,
        inputSerde: restate.serde.json,
        outputSerde: restate.serde.json,
      };
      return send ? ctx.genericSend({ ...call, delay }).invocationId : ctx.genericCall(call);
    },
  },
});

export const sink_service = restate.service({
  name: sink.name,
  handlers: { note: async (ctx, { token }) => ctx.run("note", () => effect(token)) },
});

export const hidden_service = restate.service({
  name: hidden.name,
  handlers: { answer: async () => 42 },
  options: { ingressPrivate: true },
});

// The same service at three revisions: the second lost a handler, and mended another; the third is an
// object.
const revision = process.env.CONFORMANCE_REVISION || "1";
const kind = revision === "3" ? restate.object : restate.service;
export const versioned = kind({
  name: named("Versioned"),
  handlers: {
    // Which endpoint runs it, after a wait.
    revision: async (ctx, { token }) => {
      const { id, promise } = ctx.awakeable();
      await ctx.run("waiting", () => effect(token, id));
      await promise;
      return revision;
    },
    stuck: restate.handlers.handler(
      { retryPolicy: { maxAttempts: 2, onMaxAttempts: "pause", initialInterval: 20 } },
      async (ctx) => {
        if (revision === "1") throw new Error("the first revision cannot do it");
        return revision;
      }
    ),
    ...(revision === "1" ? { only_in_the_first: async () => 1 } : {}),
  },
});
