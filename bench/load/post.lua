-- For wrk: POST without a body, and the figures as one line of JSON.
wrk.method = "POST"

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\n{"count": %d, "seconds": %.4f, "p50_us": %d, "p99_us": %d, "max_us": %d, "failed": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    latency.max, e.connect + e.read + e.write + e.timeout + e.status))
end
