-- The requests that wrk sends in checkouts.py: guests hold a seat and pay for it. The environment
-- contains the settings:
--   MODE   chain: hold a seat, then pay for it, as fast as possible
--          prepare: only hold; the reservations go into HELD.<thread>
--          confirm: pay for the reservations that `prepare` made
--   EVENT  the event's id        SEATS  a file of seat ids, one per line        HELD  a path
--   RATE   total requests per second, evenly spaced; 0: as many as possible
--   THREADS the number of wrk's threads
local ffi = require('ffi')
ffi.cdef [[
  typedef struct { long seconds; long nanoseconds; } checkouts_time;
  int clock_gettime(int, checkouts_time *);
]]
local MONOTONIC = 1

local started = {}

function setup(thread)
  thread:set('index', #started)
  started[#started + 1] = thread
end

local buffer = ffi.new('checkouts_time')
local function now_ms()
  ffi.C.clock_gettime(MONOTONIC, buffer)
  return tonumber(buffer.seconds) * 1000 + tonumber(buffer.nanoseconds) / 1e6
end

local mode, reservations, threads, interval_ms, next_at, out
local seats, held, at = {}, {}, 0
-- Read in done(), which sees only globals.
confirmed, unexpected, ran_out, example = 0, 0, 0, ''

function init(args)
  mode = os.getenv('MODE')
  threads = tonumber(os.getenv('THREADS'))
  local rate = tonumber(os.getenv('RATE') or '0')
  interval_ms = rate > 0 and threads * 1000 / rate or 0
  next_at = now_ms()
  reservations = '/api/v1/events/' .. os.getenv('EVENT') .. '/reservations'
  local file = os.getenv('HELD') .. '.' .. index
  if mode == 'confirm' then
    for line in io.lines(file) do
      local id, token = line:match('^(%S+) (%S+)$')
      held[#held + 1] = { id = id, token = token }
    end
    return
  end
  if mode == 'prepare' then out = assert(io.open(file, 'w')) end
  local line_at = 0
  for line in io.lines(os.getenv('SEATS')) do
    -- Threads take turns in the list, so that no two threads request the same seat.
    if line_at % threads == index then seats[#seats + 1] = line end
    line_at = line_at + 1
  end
end

local function confirm(what)
  local headers = {
    ['Content-Type'] = 'application/json',
    ['X-Guest-Token'] = what.token,
    ['Idempotency-Key'] = what.id,
  }
  local body = '{"reservation_ids":["' .. what.id .. '"],"payment":{"method":"pm_card_visa"},' ..
    '"email":"' .. what.id .. '@example.org"}'
  return wrk.format('POST', '/api/v1/bookings/confirm', headers, body)
end

function request()
  if mode ~= 'prepare' and #held > 0 then return confirm(table.remove(held)) end
  if mode ~= 'confirm' and at < #seats then
    at = at + 1
    local headers = { ['Content-Type'] = 'application/json' }
    return wrk.format('POST', reservations, headers, '{"seats":[{"seat_id":' .. seats[at] .. '}]}')
  end
  ran_out = ran_out + 1
  return wrk.format('GET', '/healthz')
end

function response(status, headers, body)
  local token = body:match('"guest_token":"([^"]+)"')
  if status == 201 and token then
    local id = body:match('"id":"([^"]+)"')
    if out then
      out:write(id, ' ', token, '\n')
      out:flush()
    else
      held[#held + 1] = { id = id, token = token }
    end
  elseif status == 201 and body:find('"status":"confirmed"', 1, true) then
    confirmed = confirmed + 1
  elseif status ~= 200 then
    unexpected = unexpected + 1
    if example == '' then example = status .. ' ' .. body:sub(1, 200):gsub('["\\%c]', "'") end
  end
end

if tonumber(os.getenv('RATE') or '0') > 0 then
  -- Requests follow a timetable and not the previous response: a slow response does not lower the rate.
  function delay()
    local now = now_ms()
    next_at = next_at + interval_ms
    if next_at < now - 1000 then next_at = now end
    return math.max(0, next_at - now)
  end
end

function done(summary, latency, _)
  local sums = { confirmed = 0, unexpected = 0, ran_out = 0 }
  local shown = ''
  for _, thread in ipairs(started) do
    for name in pairs(sums) do sums[name] = sums[name] + thread:get(name) end
    if shown == '' then shown = thread:get('example') end
  end
  io.write(string.format(
    'RESULT {"confirmed":%d,"unexpected":%d,"ran_out":%d,"requests":%d,"seconds":%.6f,' ..
    '"other_errors":%d,"p50_ms":%.3f,"p99_ms":%.3f,"example":"%s"}\n',
    sums.confirmed, sums.unexpected, sums.ran_out, summary.requests, summary.duration / 1e6,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, shown))
end
