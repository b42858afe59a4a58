--[[
  Gets the room's seed, which is made if there is none while it can still matter. After room.lua.

  ARGV[8]  32 random bytes: the seed, should there be none

  Returns {seed, whether the sale has opened, how many were drawn}; an empty seed when the sale is
  over and there was no draw, or it is forgotten.
]]
local seed = redis.call("HGET", ROOM, "seed")
if not seed and now < CLOSE then
  seed = ARGV[8]
  redis.call("HSET", ROOM, "seed", seed)
end
if not seed then
  return { "", 1, 0 }
end
settleDraw()
keepForNow()
return { seed, now >= OPEN and 1 or 0, figure("entrants", 0) }
