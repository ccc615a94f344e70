// The endpoint of bench/peers.py: the official TypeScript SDK, the same for both servers.
// Environment: PORT.

import http2 from "node:http2";
import * as restate from "@restatedev/restate-sdk";

const self = { name: "Peer" };

const peer = restate.service({
  name: self.name,
  handlers: {
    empty: async () => {},
    three: async (ctx) => {
      await ctx.run("a", () => 1);
      await ctx.run("b", () => 2);
      await ctx.run("c", () => 3);
    },
    // Three calls, one inside the other.
    nested: async (ctx) => ctx.serviceClient(self).second(),
    second: async (ctx) => ctx.serviceClient(self).third(),
    third: async (ctx) => ctx.serviceClient(self).empty(),
  },
});

const hot = restate.object({
  name: "PeerHot",
  handlers: {
    add: async (ctx) => {
      const total = ((await ctx.get("total")) ?? 0) + 1;
      ctx.set("total", total);
      return total;
    },
  },
});

http2
  .createServer(restate.createEndpointHandler({ services: [peer, hot] }))
  .listen(Number(process.env.PORT), "127.0.0.1");
