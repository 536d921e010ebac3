-- One request against one sliding window: 0 where it is admitted and counted, else the microseconds
-- until one would be. The window is the list of the last admissions, oldest first (microseconds
-- since 1970, by the clock of this server).
local key = KEYS[1]
local requests, window = tonumber(ARGV[1]), tonumber(ARGV[2])
-- The most that any limit on this list looks back.
local most, longest = tonumber(ARGV[3]), tonumber(ARGV[4])

-- Lua would write a large number with an exponent.
local function whole(number)
  return string.format('%.0f', number)
end

local function keep()
  redis.call('PEXPIRE', key, whole(math.ceil(longest / 1000)))
end

local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])

-- Where the clock went back, the list goes back with it, as if no time had passed since the last
-- admission: too many are never admitted, and nobody waits for the clock to catch up.
local ahead = tonumber(redis.call('LINDEX', key, -1) or 0) - now
if ahead > 0 then
  local admitted = redis.call('LRANGE', key, 0, -1)
  redis.call('DEL', key)
  for _, at in ipairs(admitted) do
    redis.call('RPUSH', key, whole(tonumber(at) - ahead))
  end
  keep()
end

local first = redis.call('LINDEX', key, -requests)
if first then
  local free = tonumber(first) + window - now
  if free > 0 then
    return free
  end
end
redis.call('RPUSH', key, whole(now))
redis.call('LTRIM', key, -most, -1)
keep()
return 0
