// The peer DBOS of bench/peers.py: the workflows of ../peer_endpoint.mjs as DBOS has them, in the process that
// also answers HTTP; DBOS is a library. Environment: PORT, DATABASE (a URL of PostgreSQL), POOL.

import http from "node:http";
import { DBOS } from "@dbos-inc/dbos-sdk";

DBOS.setConfig({
  name: "peer",
  systemDatabaseUrl: process.env.DATABASE,
  systemDatabasePoolSize: Number(process.env.POOL),
  logLevel: "error",
  enableOTLP: false,
});

const empty = DBOS.registerWorkflow(async () => {}, { name: "empty" });

const three = DBOS.registerWorkflow(
  async () => {
    await DBOS.runStep(async () => 1, { name: "a" });
    await DBOS.runStep(async () => 2, { name: "b" });
    await DBOS.runStep(async () => 3, { name: "c" });
  },
  { name: "three" },
);

// Three calls, one inside the other.
const third = DBOS.registerWorkflow(async () => empty(), { name: "third" });
const second = DBOS.registerWorkflow(async () => third(), { name: "second" });
const nested = DBOS.registerWorkflow(async () => second(), { name: "nested" });

const handlers = { "/Peer/empty": empty, "/Peer/three": three, "/Peer/nested": nested };

await DBOS.launch();
http
  .createServer(async (request, response) => {
    request.resume();
    const handler = handlers[request.url];
    if (!handler) return response.writeHead(404).end();
    try {
      await handler();
      response.writeHead(200, { "content-length": 0 }).end();
    } catch (error) {
      console.error(error);
      response.writeHead(500, { "content-length": 0 }).end();
    }
  })
  .listen(Number(process.env.PORT), "127.0.0.1");
