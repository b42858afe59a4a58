--[[
  Claims passes for reservations: the first claim of a pass wins, and may be made again by the same
  reservation. After room.lua.

  ARGV[8]  how old a claim is, in milliseconds, when another reservation may doubt it
  ARGV[9]  the claims, 88 bytes each: the user id (16), the pass's serial (a double), the reservation
           (32 hex digits), and the reservation whose claim is known to have come to nothing, or zeros

  Returns for each claim 33 bytes: O claimed · R claimed before, by this reservation · I no such
  pass · E expired · U used by another reservation · B claimed by another · D claimed by another,
  which is in doubt; and with O the claim's time, which names it, with D who has it.
]]
local DOUBT_MS = tonumber(ARGV[8])

local function claim(member, serial, reservation, dead)
  local place = readPlace(member)
  if not place or place.serial ~= whole(serial) then
    return "I"
  elseif place.claim == reservation and place.kind == "A" then
    -- Claimed in time, whatever the time is now. Whoever claimed it before hands nothing back any
    -- more; when that one cannot be alive, the pass is this one's alone.
    local isAlone = now - place.claimTime >= DOUBT_MS
    place.claimTime = math.max(now, place.claimTime + 1)
    writePlace(member, place)
    return isAlone and "O" or "R", string.format("%032.0f", place.claimTime)
  elseif place.claim == reservation then
    return "R"
  elseif place.kind == "U" then
    return "U"
  elseif now >= place.due then
    return "E"
  elseif place.claim ~= "" and place.claim ~= dead then
    return now - place.claimTime < DOUBT_MS and "B" or "D", place.claim
  end
  place.claim, place.claimTime = reservation, now
  writePlace(member, place)
  return "O", string.format("%032.0f", now)
end

local answers = {}
for first = 1, #ARGV[9], 88 do
  local code, more = claim(struct.unpack(">c16dc32c32", ARGV[9], first))
  answers[#answers + 1] = code .. (more or string.rep("0", 32))
end
return table.concat(answers)
