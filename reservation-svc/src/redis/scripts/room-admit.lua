--[[
  One step of admission: lets in as many people from the head of the line as the rate, the free
  slots and the units left allow, and passes over those who are silent. After room.lua.

  It is whole or not at all: any number of workers may run it at any time, and die.

  ARGV[8]   units that can be reserved, as of a moment ago; empty when nobody knows: then nobody is let in
  ARGV[9]   the room's `units` before that moment: what was bought since is taken off
  ARGV[10]  1 when nothing is available and nothing is held: everybody is told so; 0 when there is
            something; empty when that was not found out just now
  ARGV[11]  people that one step lets in at most
  ARGV[12]  silent people that one step passes over at most
  ARGV[13]  places that one step looks at, to forget the ended ones

  Returns {waiting, active, admitted, skipped, lapsed, gone, units, stalled, early}: how many wait, are
  admitted, were let in, passed over, lost their slot by silence, and were told that all is gone; the
  room's count of units bought with passes; for how long nobody was let in although somebody could
  have been, in milliseconds; and before the opening, how far away that is.
]]
local MAX_STEP, MAX_SILENT, MAX_SWEPT = tonumber(ARGV[11]), tonumber(ARGV[12]), tonumber(ARGV[13])
-- What the rate allows at once after a pause: a second's worth, one person at least.
local BURST = math.max(1, RATE * 1000)
-- Over about which time the pace is averaged.
local PACE_MS = 60000

local units = figure("units", 0)
if now < OPEN then
  -- An opening that was moved moves the end as well: who waits for it may not call for a join again.
  keepForNow()
  return { waiting, 0, 0, 0, 0, 0, units, 0, OPEN - now }
end
settleDraw()

local function countActive()
  return redis.call("ZCOUNT", ACTIVE, "(" .. whole(now), "+inf")
end

local function endAll()
  local people = waiting + countActive()
  redis.call("HSET", ROOM, "gone", generation, "gone_time", whole(now))
  gone = generation
  redis.call("UNLINK", LINE, RETURNED, ACTIVE)
  keepForNow()
  return { 0, 0, 0, 0, 0, people, units, 0 }
end

local nothing = { 0, 0, 0, 0, 0, 0, units, 0 }
if now >= CLOSE then
  return nothing
end
if ARGV[10] == "1" then
  return generation > gone and endAll() or nothing
end
if generation <= gone then
  if ARGV[10] == "" then
    return nothing
  end
  startAgain()
end

-- Frees the slots whose time is over.
local lapsed = redis.call("ZRANGE", ACTIVE, "-inf", whole(now), "BYSCORE", "LIMIT", 0, MAX_STEP)
if #lapsed > 0 then
  redis.call("ZREM", ACTIVE, unpack(lapsed))
end

local supply = tonumber(ARGV[8])
local tokenTime = figure("token_time", 0)
local tokens = math.min(BURST, figure("tokens", BURST) + math.max(0, now - tokenTime) * RATE)
local active = countActive()
local bought = math.max(0, units - tonumber(ARGV[9]))
local room = math.min(MAX_ACTIVE - active, (supply or 0) - bought - active)
-- Nobody's turn comes while nothing reaches the room, nor while nobody is to be let in.
local isQuiet = now - math.max(figure("heard_time", now), OPEN) > QUIET_MS
local isPaused = RATE <= 0
local most = (isQuiet or isPaused) and 0 or math.max(0, math.min(math.floor(tokens), room, MAX_STEP))

local admitted, skipped = 0, 0
local function turn(member)
  local place = readPlace(member)
  if not place then
    return
  end
  if place.due < now and wasQuiet(place.due) and now < quietMercyEnd() then
    -- Silent for no fault of theirs: as if they had just been heard.
    place.due = now + HEARD_MS
  end
  if place.due >= now then
    place.kind, place.serial, place.isFetched, place.claim = "A", whole(now), false, ""
    redis.call("ZADD", ACTIVE, place.due, member)
    admitted = admitted + 1
  else
    place.kind, place.due = "S", now + GRACE_MS
    skipped = skipped + 1
  end
  writePlace(member, place)
end

for _, lane in ipairs({ RETURNED, LINE }) do
  while admitted < most and skipped < MAX_SILENT do
    local head = redis.call("ZPOPMIN", lane, math.min(most - admitted, MAX_SILENT - skipped))
    if #head == 0 then
      break
    end
    for index = 1, #head, 2 do
      turn(head[index])
    end
  end
end
waiting = waiting - admitted - skipped

local pace = figure("pace", RATE)
local passed = now - figure("pace_time", now)
-- A longer time without a step says nothing of the pace: it was not on sale, or what is left not known.
if passed > 0 and passed < QUIET_MS and not isQuiet then
  local weight = 1 - math.exp(-passed / PACE_MS)
  pace = pace + weight * (admitted / passed - pace)
end
local admitTime = figure("admit_time", now)
if admitted + skipped > 0 or waiting == 0 or room < 1 or isQuiet or isPaused then
  admitTime = now
end
-- For all that a step knows which does not know what is left, as many slots are free as before.
local freeSlots = supply and math.max(0, room - admitted) or figure("free", MAX_ACTIVE)
redis.call(
  "HSET", ROOM,
  "tokens", string.format("%.6f", tokens - admitted), "token_time", whole(now),
  "pace", string.format("%.17g", pace), "pace_time", whole(now), "admit_time", whole(admitTime),
  "free", whole(freeSlots)
)
if waiting == 0 or isPaused then
  -- Nobody was to be let in, which says nothing of the pace either: who is let in next begins anew.
  redis.call("HDEL", ROOM, "pace")
end

-- Forgets places that ended a while ago, a slice at a time.
local goneTime = figure("gone_time", 0)
local slice = redis.call("HSCAN", PLACES, figure("cursor", 0), "COUNT", MAX_SWEPT)
for index = 1, #slice[2], 2 do
  local place = readPlace(slice[2][index])
  local ended = place and place.kind ~= "W" and place.due
  if place and place.generation <= gone then
    ended = goneTime
  end
  if ended and now > ended + GRACE_MS + ENDED_MS then
    redis.call("HDEL", PLACES, slice[2][index])
  end
end
redis.call("HSET", ROOM, "cursor", slice[1])
keepForNow()
return { waiting, active + admitted, admitted, skipped, #lapsed, 0, units, now - admitTime }
