-- The requests that wrk sends in bench.py. The environment contains the settings:
--   MODE   hold: each request holds another seat as a new guest
--          refuse: requests for seats that are already held
--          get: PATH_TO_GET, with If-None-Match if ETAG is set
--   EVENT  the event's id        SEATS  a file of seat ids, one per line
--   RATE   total requests per second, evenly spaced; 0: as many as possible
--   THREADS the number of wrk's threads
local ffi = require('ffi')
ffi.cdef [[
  typedef struct { long seconds; long nanoseconds; } bench_time;
  int clock_gettime(int, bench_time *);
]]
local MONOTONIC = 1

local threads_started = 0

function setup(thread)
  thread:set('index', threads_started)
  threads_started = threads_started + 1
end

local now_buffer = ffi.new('bench_time')
local function now_ms()
  ffi.C.clock_gettime(MONOTONIC, now_buffer)
  return tonumber(now_buffer.seconds) * 1000 + tonumber(now_buffer.nanoseconds) / 1e6
end

local mode, path, threads, interval_ms, next_at
local seats, sent = {}, 0

function init(args)
  mode = os.getenv('MODE')
  threads = tonumber(os.getenv('THREADS'))
  local rate = tonumber(os.getenv('RATE') or '0')
  interval_ms = rate > 0 and threads * 1000 / rate or 0
  next_at = now_ms()
  if mode == 'get' then
    wrk.method = 'GET'
    path = os.getenv('PATH_TO_GET')
    wrk.headers['Accept-Encoding'] = 'gzip'
    if os.getenv('ETAG') then wrk.headers['If-None-Match'] = os.getenv('ETAG') end
    return
  end
  wrk.method = 'POST'
  wrk.headers['Content-Type'] = 'application/json'
  path = '/api/v1/events/' .. os.getenv('EVENT') .. '/reservations'
  for line in io.lines(os.getenv('SEATS')) do
    seats[#seats + 1] = line
  end
end

function request()
  if mode == 'get' then return wrk.format(nil, path) end
  -- Threads take turns in the list, so that no two threads request the same seat.
  local seat = seats[(sent * threads + index) % #seats + 1]
  sent = sent + 1
  return wrk.format(nil, path, nil, '{"seats":[{"seat_id":' .. seat .. '}]}')
end

if tonumber(os.getenv('RATE') or '0') > 0 then
  -- Requests follow a timetable and not the previous response: a slow response does not lower the rate.
  function delay()
    local at = now_ms()
    next_at = next_at + interval_ms
    if next_at < at - 1000 then next_at = at end
    return math.max(0, next_at - at)
  end
end

function done(summary, latency, _)
  io.write(string.format(
    'RESULT {"requests":%d,"seconds":%.6f,"status_errors":%d,"other_errors":%d,' ..
    '"p50_ms":%.3f,"p99_ms":%.3f,"max_ms":%.3f}\n',
    summary.requests, summary.duration / 1e6, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000))
end
