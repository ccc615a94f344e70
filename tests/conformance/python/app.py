"""The endpoint: the official Python SDK as it comes from PyPI, served by hypercorn. The environment is that
of typescript/app.mjs."""

import asyncio
import os

import hypercorn.asyncio
import hypercorn.config
import restate
import services
import waiting

SERVICES = [services.steps, services.failing, services.counter, services.lazy_counter, services.calls,
            services.sink, waiting.sleeps, waiting.awakeables, waiting.signals, waiting.combinators,
            waiting.holds, waiting.order]


def main():
    config = hypercorn.config.Config()
    config.bind = [f"127.0.0.1:{os.environ['CONFORMANCE_PORT']}"]
    config.h2_max_concurrent_streams = 1000
    app = restate.app(SERVICES, protocol=os.environ["CONFORMANCE_MODE"])
    asyncio.run(hypercorn.asyncio.serve(app, config))


if __name__ == "__main__":
    main()
