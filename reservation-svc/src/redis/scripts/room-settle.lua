--[[
  Ends claims: the pass was used, which frees the slot, or is handed back. After room.lua.

  ARGV[8]  the ends, 68 bytes each: the user id (16), the pass's serial (a double), the reservation
           (32 hex digits), how many units it got (4 bytes), and with 0, which hands the pass back,
           the time of the claim (a double): it is another's since when that has changed

  Returns how many ends there were that meant a claim.
]]
local settled = 0
for first = 1, #ARGV[8], 68 do
  local member, serial, reservation, units, claimTime = struct.unpack(">c16dc32I4d", ARGV[8], first)
  local place = readPlace(member)
  local isOpen = place and place.kind == "A" and place.serial == whole(serial)
  if isOpen and units > 0 and (place.claim == reservation or place.claim == "") then
    place.kind, place.claim = "U", reservation
    writePlace(member, place)
    redis.call("ZREM", ACTIVE, member)
    redis.call("HINCRBY", ROOM, "units", units)
    -- About the last sixteen count. After a failover the clock may be behind.
    local takenMs = math.max(1, now - tonumber(place.serial))
    slotMs = (slotMs or takenMs) + (takenMs - (slotMs or takenMs)) / 16
    redis.call("HSET", ROOM, "slot_ms", whole(slotMs))
    settled = settled + 1
  elseif isOpen and units == 0 and place.claim == reservation and place.claimTime == claimTime then
    place.claim = ""
    writePlace(member, place)
    settled = settled + 1
  end
end
return settled
