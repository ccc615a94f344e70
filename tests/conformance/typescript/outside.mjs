// The world outside of the handlers, which the driver of the tests keeps: a ledger of effects, and
// gates that a handler waits at until the driver opens them.

const driver = process.env.CONFORMANCE_DRIVER;

// Every name ends in the tag of this endpoint, so that many endpoints share one server.
export const tag = process.env.CONFORMANCE_TAG ?? "";
export const named = (name) => (tag ? `${name}_${tag}` : name);

async function asked(method, path, body) {
  const response = await fetch(`${driver}${path}`, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

// Writes one effect into the ledger; returns how many there are of this token, this one included.
export const effect = async (token, value = null) =>
  (await asked("POST", `/effect/${encodeURIComponent(token)}`, value)).count;

// Returns when the driver has opened the gate.
export const passed = (gate) => asked("GET", `/gate/${encodeURIComponent(gate)}`);
