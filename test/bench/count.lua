-- Says at the end of a run of wrk what was answered and what went wrong, as one line of JSON.
done = function(summary, latency)
    local e = summary.errors
    io.write(string.format(
        '\n{"requests": %d, "seconds": %f, "errors": %d, "not_2xx": %d, ' ..
        '"p50_us": %d, "p99_us": %d, "p999_us": %d}\n',
        summary.requests, summary.duration / 1e6, e.connect + e.read + e.write + e.timeout,
        e.status, latency:percentile(50), latency:percentile(99),
        latency:percentile(99.9)))
end
