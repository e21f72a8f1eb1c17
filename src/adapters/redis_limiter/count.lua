-- Uses the units of all buckets or of none (holdfast_domain::rate). All buckets belong to one sender.
-- KEYS: the buckets. Each holds the time at which it has drained, in microseconds since 1970 by Redis's clock.
-- ARGV, for each bucket: the microseconds in which one unit drains, those in which a full bucket drains, the units to use.
-- Returns after how many microseconds each bucket drained before. What follows from that, the program and this script say alike.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local filled, used, has_room = {}, {}, true
for i, key in ipairs(KEYS) do
  local unit, full, units = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
  local left = tonumber(redis.call('GET', key) or now) - now
  -- More than a full bucket: the clock was set back.
  filled[i] = (left >= 0 and left <= full) and left or 0
  used[i] = filled[i] + unit * units
  has_room = has_room and used[i] <= full
end
if has_room then
  for i, key in ipairs(KEYS) do
    if used[i] > 0 then
      redis.call('SET', key, string.format('%.0f', now + used[i]), 'PX', math.ceil(used[i] / 1000))
    end
  end
end
return filled
