-- wrk's side of the rig: the request comes from the environment, the figures leave as one line of JSON.
wrk.method = os.getenv('BENCH_METHOD')
for line in io.lines(os.getenv('BENCH_HEADERS')) do
  local name, value = line:match('^([^:]+): (.*)$')
  wrk.headers[name] = value
end
local body = io.open(os.getenv('BENCH_BODY'), 'rb'):read('*a')
if #body > 0 then wrk.body = body end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '\nBENCH {"requests":%d,"bytes":%.0f,"seconds":%.6f,"failed":%d,"p50Ms":%.3f,"p99Ms":%.3f}\n',
    summary.requests, summary.bytes, summary.duration / 1e6,
    e.status + e.connect + e.read + e.write + e.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
