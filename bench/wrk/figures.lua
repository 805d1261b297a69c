-- Ends a run with one line that the benchmark reads; the percentiles are those of `wrk --latency`.
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    "FIGURES requests=%d microseconds=%d p50=%d p99=%d refused=%d connect=%d read=%d write=%d timeout=%d\n",
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect, errors.read, errors.write, errors.timeout))
end
