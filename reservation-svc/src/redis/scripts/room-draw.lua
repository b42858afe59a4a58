--[[
  Gets the room's draw. After room.lua.

  ARGV[8..9]  the seed, see room.lua

  Returns {"none"} when the sale is over and there was no draw, or it is forgotten; {"seed", the one that
  the room has, or nothing, whether it was drawn} when it must be known first; else {"ok", seed, whether
  it was drawn, how many were drawn, when that is or was}.
]]
local isKept = redis.call("HEXISTS", ROOM, "seed") == 1 or redis.call("HEXISTS", ROOM, "entrants") == 1
if now >= CLOSE and not isKept then
  return { "none" }
end
local seed, question = agreedSeed()
if not seed then
  return question
end
settleDraw()
keepForNow()
return { "ok", seed, isDrawn() and 1 or 0, figure("entrants", 0), figure("draw_time", OPEN) }
