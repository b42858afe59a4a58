--[[
  Tells people where they stand, which counts as a sign of life. After room.lua.

  ARGV[8]  seeds the jitter
  ARGV[9]  the user ids, 16 bytes each

  Returns {"ok", answers, now}.
]]
math.randomseed(tonumber(ARGV[8]))
if redis.call("HEXISTS", ROOM, "heard_time") == 1 then
  settleDraw()
  noteHeard()
end
local members = ARGV[9]
local answers = {}
for first = 1, #members, 16 do
  local member = string.sub(members, first, first + 15)
  answers[#answers + 1] = hear(member, readPlace(member), false)
end
return { "ok", table.concat(answers), whole(now) }
