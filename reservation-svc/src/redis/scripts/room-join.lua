--[[
  Gives people places; who has one keeps it, and is heard. After room.lua.

  ARGV[8..9]  the seed that the draw numbers were made with, see room.lua
  ARGV[10]    seeds the jitter
  ARGV[11]    the user ids, 16 bytes each
  ARGV[12]    their draw numbers, 6 bytes each
  ARGV[13]    1 when nothing is available and nothing is held

  Returns {"seed", the one that the room has, or nothing, whether it was drawn} when it must be known
  first; else {"ok", answers, now}, C standing for a sale that is over, and F for a room that is full.
]]
if now >= CLOSE then
  return { "ok", string.rep(answer("C"), #ARGV[11] / 16), whole(now) }
end
local seed, question = agreedSeed()
-- After the draw nobody gets a number, and the line must not wait for who keeps the seed.
if not seed and not isDrawn() then
  return question
end
local isEarly = not isDrawn()
settleDraw()
noteHeard()
math.randomseed(tonumber(ARGV[10]))
local members, numbers = ARGV[11], ARGV[12]
local people = redis.call("HLEN", PLACES)
if generation <= gone and ARGV[13] == "0" then
  startAgain()
end

local function enter(member, number, isKnown)
  local isFull = not isKnown and people >= MAX_PEOPLE
  local place = { kind = "W", generation = generation, due = now, order = whole(DRAWN_BELOW) }
  if generation <= gone then
    -- Remembered where there is room, so that a poll says the same; there is no line to stand in.
    if not isFull then
      people = people + (isKnown and 0 or 1)
      writePlace(member, place)
    end
    return answer("G", not isFull)
  end
  if isFull then
    return answer("F")
  end
  people = people + (isKnown and 0 or 1)
  if isEarly then
    place.order = whole(number)
  else
    place.order = whole(DRAWN_BELOW + redis.call("HINCRBY", ROOM, "counter", 1))
  end
  redis.call("ZADD", LINE, place.order, member)
  waiting = waiting + 1
  return hear(member, place, true)
end

local answers = {}
for index = 0, #members / 16 - 1 do
  local member = string.sub(members, 16 * index + 1, 16 * index + 16)
  local place = readPlace(member)
  local standing = standingOf(place)
  local mayStartAgain = standing == "G" and place.generation <= gone and generation > gone
  if standing == "N" or standing == "E" or mayStartAgain then
    local number = isEarly and struct.unpack(">I6", numbers, 6 * index + 1) or 0
    answers[#answers + 1] = enter(member, number, place ~= nil)
  else
    answers[#answers + 1] = hear(member, place, false)
  end
end
keepForNow()
return { "ok", table.concat(answers), whole(now) }
