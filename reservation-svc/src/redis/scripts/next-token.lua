--[[
  Gives the next holder of an event's lock a fencing token higher than every one before.

  KEYS[1]  the event's token: fence:{eventId}
  ARGV[1]  a floor: the highest token that the caller knows of
  ARGV[2]  how long the token is remembered, in milliseconds

  Returns the token. It is at least Redis's own time in microseconds, so that it goes on growing
  when the key was lost: the last one was given out before now.
]]
local time = redis.call("TIME")
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local last = tonumber(redis.call("GET", KEYS[1]) or "0")
local token = math.max(now, last + 1, tonumber(ARGV[1]) + 1)
-- %.0f: Lua would write a number this large in exponents.
local text = string.format("%.0f", token)
redis.call("SET", KEYS[1], text, "PX", ARGV[2])
return text
