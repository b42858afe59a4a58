--[[
  Ends claims: the pass was used, which frees the slot, or is handed back. After room.lua.

  ARGV[8]  the ends, 60 bytes each: the user id (16), the pass's serial (a double), the reservation
           (32 hex digits), and how many units it got (4 bytes); 0 hands the pass back

  Returns how many ends there were that meant a claim.
]]
local settled = 0
for first = 1, #ARGV[8], 60 do
  local member, serial, reservation, units = struct.unpack(">c16dc32I4", ARGV[8], first)
  local place = readPlace(member)
  if place and place.kind == "A" and place.serial == whole(serial) and place.claim == reservation then
    if units > 0 then
      place.kind = "U"
      redis.call("ZREM", ACTIVE, member)
      redis.call("HINCRBY", ROOM, "units", units)
    else
      place.claim = ""
    end
    writePlace(member, place)
    settled = settled + 1
  end
end
return settled
