--[[
  Finds claims that nobody ended, in a slice of the admitted. After room.lua.

  ARGV[8]   how old such a claim is, in milliseconds
  ARGV[9]   where the slice begins: 0, or what the step before returned
  ARGV[10]  people that the slice has, about

  Returns {where the next slice begins, the claims}: 56 bytes each, the user id (16), the pass's serial
  (a double) and the reservation (32 hex digits).
]]
local DOUBT_MS = tonumber(ARGV[8])

local slice = redis.call("ZSCAN", ACTIVE, ARGV[9], "COUNT", ARGV[10])
local claims = {}
for index = 1, #slice[2], 2 do
  local member = slice[2][index]
  local place = readPlace(member)
  if place and place.kind == "A" and place.claim ~= "" and now - place.claimTime >= DOUBT_MS then
    claims[#claims + 1] = struct.pack(">c16dc32", member, tonumber(place.serial), place.claim)
  end
end
return { slice[1], table.concat(claims) }
