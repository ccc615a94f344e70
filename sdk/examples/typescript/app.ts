// What `./dev demo` shows beside the C++ handlers: a shop that calls the bank (demo.cc), and a post
// office that the bank calls.
//
// Each step writes a line "<invocation id> <step> pid=<process>" to the file $HOLDFAST_DEMO_LEDGER,
// as those of demo.cc do.

import { appendFileSync } from "node:fs";
import * as http2 from "node:http2";
import * as restate from "@restatedev/restate-sdk";

type Payment = { from: string; to: string; cents: number };
type Paid = { debit: string; letter: string };
type Letter = { to: string; text: string };

// The C++ service, as far as the shop knows it.
type Bank = { pay: (ctx: restate.Context, payment: Payment) => Promise<Paid> };

function note(ctx: restate.Context, step: string) {
  const line = `${ctx.request().id} ${step} pid=${process.pid}\n`;
  appendFileSync(process.env.HOLDFAST_DEMO_LEDGER!, line);
}

const shop = restate.service({
  name: "Shop",
  handlers: {
    checkout: async (ctx: restate.Context, cart: { customer: string; cents: number }) => {
      await ctx.run("pack", () => note(ctx, "pack"));
      const bank = ctx.serviceClient<Bank>({ name: "Bank" });
      const paid = await bank.pay({ from: cart.customer, to: "shop", cents: cart.cents });
      await ctx.run("hand over", () => note(ctx, "hand-over"));
      return { customer: cart.customer, ...paid };
    },
  },
});

const post = restate.service({
  name: "Post",
  handlers: {
    letter: async (ctx: restate.Context, letter: Letter) => {
      await ctx.run("write", () => note(ctx, "write"));
      await ctx.sleep({ seconds: 3 });
      await ctx.run("deliver", () => note(ctx, "deliver"));
      return `${letter.to} has read: ${letter.text}`;
    },
  },
});

http2
  .createServer(restate.createEndpointHandler({ services: [shop, post] }))
  .listen(Number(process.env.PORT ?? 9080), "127.0.0.1");
