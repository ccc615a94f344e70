// The endpoint: the official TypeScript SDK as it comes from npm, in the mode the driver asks for.
//   CONFORMANCE_PORT      where it listens
//   CONFORMANCE_TAG       ends the name of each service
//   CONFORMANCE_DRIVER    the driver's address
//   CONFORMANCE_MODE      bidi (HTTP/2) or request_response (HTTP/1.1)
//   CONFORMANCE_PROTOCOL  the highest version the manifest tells; the SDK's own when empty
//   CONFORMANCE_ONLY      the one service to serve; all when empty
//   CONFORMANCE_IDENTITY  the public key that requests must be signed with; anybody's when empty

import http from "node:http";
import http2 from "node:http2";
import * as restate from "@restatedev/restate-sdk";
import * as fetch_api from "@restatedev/restate-sdk/fetch";
import { calls, hidden_service, sink_service, versioned } from "./calls.mjs";
import { counter, lazy_counter } from "./objects.mjs";
import { failing, steps } from "./steps.mjs";
import { named } from "./outside.mjs";
import * as waiting from "./waiting.mjs";
import { order } from "./workflows.mjs";

const all = [
  steps, failing, counter, lazy_counter, calls, sink_service, hidden_service, versioned,
  waiting.sleeps, waiting.awakeables, waiting.signals, waiting.combinators, waiting.holds_service,
  order,
];
const only = process.env.CONFORMANCE_ONLY;
const services = only ? all.filter((service) => service.name === named(only)) : all;
const bidirectional = process.env.CONFORMANCE_MODE !== "request_response";
const highest = Number(process.env.CONFORMANCE_PROTOCOL || 0);

const options = {
  services,
  bidirectional,
  identityKeys: process.env.CONFORMANCE_IDENTITY ? [process.env.CONFORMANCE_IDENTITY] : [],
  defaultServiceOptions: {
    retryPolicy: { initialInterval: 50, maxInterval: 500, exponentiationFactor: 1.5 },
  },
};
const sdk = restate.createEndpointHandler(options);
const sdk_as_fetch = fetch_api.createEndpointHandler(options);

// The SDK speaks several versions; its manifest is the one place where it says so. What it says is
// lowered here, so that a server that always takes the highest can be tried with each.
async function lowered(request, response) {
  if (!highest || request.url !== "/discover") return sdk(request, response);
  const told = await sdk_as_fetch(
    new Request("http://endpoint/discover", { headers: { accept: request.headers.accept } })
  );
  response.writeHead(told.status, Object.fromEntries(told.headers));
  response.end(JSON.stringify({ ...(await told.json()), maxProtocolVersion: highest }));
}

const server = bidirectional ? http2.createServer(lowered) : http.createServer(lowered);
server.listen(Number(process.env.CONFORMANCE_PORT), "127.0.0.1", () => console.log("ready"));
