--[[
  Finds out whether a person was drawn. After room.lua; it changes nothing.

  ARGV[8]  the user id, 16 bytes

  Returns {"early"} before the draw, {"none"} without a place or a draw, {"late"} when they
  joined after the draw, else {"ok", seed}.
]]
if not isDrawn() then
  return { "early" }
end
local place = readPlace(ARGV[8])
if not place then
  return { "none" }
end
if tonumber(place.order) >= DRAWN_BELOW then
  return { "late" }
end
local seed = redis.call("HGET", ROOM, "seed")
return seed and { "ok", seed } or { "none" }
