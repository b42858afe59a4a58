--[[
  What the scripts of a waiting room have in common; it is put in front of each of them.

  KEYS[1..5]  the keys of one event's room, which share a hash tag:
    room      HASH  seed, counter, how many were drawn (entrants) and when (draw_time), generation,
                    gone, when somebody was heard last (heard_time), the last time that nobody was
                    (quiet_from, quiet_end), for how long buyers take their slots (slot_ms), and what
                    the admission remembers
    line      ZSET  who waits: user id (16 bytes) by order
    returned  ZSET  who was skipped and came back in time; they are admitted before the line
    active    ZSET  who is admitted, by the time at which the slot becomes free
    places    HASH  user id -> place, see below
  ARGV[1..7]  the sale and its rules: when it opens, when it closes (milliseconds of the epoch),
              people admitted a minute (0: nobody), people admitted at once, how long a pass is good
              (milliseconds), polls a second that the room may cause, people it holds at most

  A person's order is their draw number, below 2^48, when they joined before the draw, and else 2^48
  and a counter. The draw is made when the sale opens, and once: should the opening be moved
  afterwards, nobody is let in until then, and the line stays as it is. A place is a text of fields,
  separated by commas:
    kind        W waits · S was skipped · A is admitted · U used the pass
    generation  of the line; at or below the room's `gone` the place is GONE, whatever else it says
    due         W: until when silence is forgiven · S: the end of the grace
                A: until when the pass is to be fetched, then until when it is good · U: the same
    order
    serial      A, U: names the admission: its time, in milliseconds
    isFetched   A, U: 1 when the pass was fetched
    claim       A: the reservation that is being made with the pass · U: that was made
    claimTime   A, U: since when
  Nothing moves a place on when its time has come: whoever reads it sees that it has.
]]
local ROOM, LINE, RETURNED, ACTIVE, PLACES = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local OPEN, CLOSE = tonumber(ARGV[1]), tonumber(ARGV[2])
local RATE = tonumber(ARGV[3]) / 60000
local MAX_ACTIVE, PASS_MS = tonumber(ARGV[4]), tonumber(ARGV[5])
local POLLS_PER_SECOND, MAX_PEOPLE = tonumber(ARGV[6]), tonumber(ARGV[7])

local GRACE_MS = 60000
-- When nobody at all was heard for so long, it is not they who are silent: nothing reaches the room.
local QUIET_MS = 10000
-- Before the opening the few who wait are told to call after 36 seconds at most.
local QUIET_EARLY_MS = 45000
-- How long somebody who was just heard near the head of the line may take to call again.
local HEARD_MS = 15000
local DRAWN_BELOW = 281474976710656
-- How long an ended place is remembered; the places after the sale; the draw, so that it can be
-- checked.
local ENDED_MS, PLACES_MS, ROOM_MS = 3600000, 6 * 3600000, 30 * 86400000

local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function figure(field, fallback)
  return tonumber(redis.call("HGET", ROOM, field) or fallback)
end

local generation, gone = figure("generation", 1), figure("gone", 0)
local waiting = redis.call("ZCARD", LINE) + redis.call("ZCARD", RETURNED)
-- For how long buyers took a slot of late, in milliseconds; nil until one bought.
local slotMs = figure("slot_ms")
-- In people a millisecond, the lowest of what is allowed, what the slots allow, and what was seen of late.
local rate = math.max(math.min(RATE, MAX_ACTIVE / (slotMs or 1), figure("pace", RATE)), 1e-9)
-- What people are told goes by half the time of a pass until one bought; when they poll does not, so that
-- no slot stands empty where they are quicker.
local toldRate = slotMs and rate or math.min(rate, MAX_ACTIVE / PASS_MS * 2)

-- Whole: Lua would write a number this large in exponents.
local function whole(number)
  return string.format("%.0f", number)
end

-- A pass counts whole seconds.
local function upToSecond(time)
  return math.ceil(time / 1000) * 1000
end

local function readPlace(member)
  local text = redis.call("HGET", PLACES, member)
  if not text then
    return nil
  end
  local kind, of, due, order, serial, isFetched, claim, claimTime =
    string.match(text, "^(%a),(%d+),(%d+),(%d+),?(%d*),?(%d*),?(%x*),?(%d*)$")
  return {
    kind = kind,
    generation = tonumber(of),
    due = tonumber(due),
    order = order,
    serial = serial,
    isFetched = isFetched == "1",
    claim = claim,
    claimTime = tonumber(claimTime) or 0,
  }
end

local function writePlace(member, place)
  local text = place.kind .. "," .. place.generation .. "," .. whole(place.due) .. "," .. place.order
  if place.kind == "A" or place.kind == "U" then
    text = text .. "," .. place.serial .. "," .. (place.isFetched and "1" or "0")
    if place.claim ~= "" then
      text = text .. "," .. place.claim .. "," .. whole(place.claimTime)
    end
  end
  redis.call("HSET", PLACES, member, text)
end

-- True of a time at which nothing reached the room, or that came before everybody could call again.
local function wasQuiet(time)
  return time >= figure("quiet_from", 0) and time < figure("quiet_end", 0) + HEARD_MS
end

-- The end of somebody's grace, which nobody could use while nothing reached the room.
local function graceEnd(time)
  return wasQuiet(time) and figure("quiet_end", 0) + GRACE_MS or time
end

-- Until when people have come back after nothing reached the room: everybody's interval, and a grace.
local function quietMercyEnd()
  return figure("quiet_end", 0) + math.min(waiting / POLLS_PER_SECOND * 1000, 300000) + GRACE_MS
end

-- N: no place · G: gone · W: waits · R: may come back · A: admitted · E: expired
local function standingOf(place)
  if not place or place.kind == "U" then
    return "N"
  elseif place.generation <= gone or now >= CLOSE then
    return "G"
  elseif place.kind == "W" then
    return "W"
  elseif place.kind == "S" then
    return now <= graceEnd(place.due) and "R" or "E"
  elseif now < place.due then
    return "A"
  end
  -- Who did not fetch the pass was silent when their turn came, as the skipped were.
  return not place.isFetched and now <= graceEnd(place.due + GRACE_MS) and "R" or "E"
end

-- True from the first opening on, wherever the opening is moved: the seed is known since.
local drawn
local function isDrawn()
  drawn = drawn or now >= OPEN and 1 or redis.call("HEXISTS", ROOM, "entrants")
  return drawn == 1
end

-- For how long a person is thought to wait for their turn, in milliseconds: free slots are filled as
-- fast as is allowed, and then one must become free for each. For ever where nobody is let in.
local free
local function turnAfter(position, slotRate)
  if RATE <= 0 then
    return position > 0 and math.huge or 0
  end
  free = free or figure("free", MAX_ACTIVE)
  local soon = math.min(position, free)
  return soon / RATE + (position - soon) / slotRate
end

--[[
  When a person polls next, in milliseconds: 1 second to 5 minutes.

  `tail` spreads the polls of everybody over time: with N people each interval is N / P seconds, P
  being the polls a second that the room may cause. Who is nearer to the head than that polls when
  their turn is thought to come, as if at most P / 4 had theirs in a second. All intervals x 1/interval
  sum up to at most
    1.02 x P + min(rate, P / 4) x (2 + ln(N / P))     people 300 x P at most, rate in people a second
  where 1.02 is what the jitter of a fifth costs. The last poll before the opening leads to one in
  the `tail` after it, at random, so that not all come at once; who is drawn to the head is led to
  when their turn is thought to come, or the slots would stand empty until they happened to ask.
]]
local function pollAfter(position)
  local tail = waiting / POLLS_PER_SECOND * 1000
  local turn = math.max(turnAfter(position, rate), position * 4 / POLLS_PER_SECOND * 1000)
  local jitter = 0.8 + 0.4 * math.random()
  local after
  if now >= OPEN then
    after = math.min(tail, turn) * jitter
  else
    local left = OPEN - now
    after = math.max(tail, math.min(left / 4, 30000)) * jitter
    if after > left then
      after = left + math.min(math.random() * math.max(tail, 1000), turn * jitter)
    end
  end
  return math.floor(math.min(math.max(after, 1000), 300000))
end

--[[
  The room's seed; ARGV[8] is the one that the caller knows, or empty, and ARGV[9] is 1 when that was
  looked up just now: then a room that has none gets it. Nil, and the answer that says so, when the
  caller has to find it out first: what is committed to before the draw must be kept elsewhere as
  well, and what was told after a draw must not be drawn by again.
]]
local function agreedSeed()
  local known, seed = ARGV[8], redis.call("HGET", ROOM, "seed")
  if not seed and ARGV[9] == "1" then
    seed = known
    redis.call("HSET", ROOM, "seed", seed)
  end
  if not seed or (not isDrawn() and known ~= seed) then
    return nil, { "seed", seed or "", isDrawn() and 1 or 0 }
  end
  return seed
end

-- Who was drawn is settled when the sale opens, before anybody is told a position or admitted.
local function settleDraw()
  if now >= OPEN and redis.call("HEXISTS", ROOM, "entrants") == 0 then
    local entrants = redis.call("ZCOUNT", LINE, "-inf", "(" .. whole(DRAWN_BELOW))
    redis.call("HSET", ROOM, "entrants", entrants, "draw_time", whole(OPEN))
  end
end

-- Units came back: whoever joins from now on stands in a new line, which has a pace of its own.
local function startAgain()
  generation = gone + 1
  redis.call("HSET", ROOM, "generation", generation)
  redis.call("HDEL", ROOM, "pace")
end

-- Nothing of a room stays for ever; when all is gone, its places are soon of no use.
local function keepForNow()
  redis.call("PEXPIREAT", ROOM, whole(CLOSE + ROOM_MS))
  local placesEnd = CLOSE + PLACES_MS
  if generation <= gone then
    placesEnd = math.min(placesEnd, now + ENDED_MS)
  end
  for _, key in ipairs({ LINE, RETURNED, ACTIVE, PLACES }) do
    redis.call("PEXPIREAT", key, whole(placesEnd))
  end
end

-- Somebody was heard: what reaches the room has not been cut off, or is not any more.
local function noteHeard()
  local heardTime = figure("heard_time", now)
  if now - math.max(heardTime, OPEN) > QUIET_MS or now - heardTime > QUIET_EARLY_MS then
    -- Whoever has not used the grace of the time before has it still.
    local isOneMore = heardTime < figure("quiet_end", 0) + GRACE_MS
    local from = isOneMore and figure("quiet_from", heardTime) or heardTime
    redis.call("HSET", ROOM, "quiet_from", whole(from), "quiet_end", whole(now))
  end
  redis.call("HSET", ROOM, "heard_time", whole(now))
end

-- One person's answer: standing, whether the place is new, position, when to poll next, and two more:
-- of who waits for how long; of an admitted person the pass's serial and end.
local function answer(standing, isNew, position, after, one, other)
  return struct.pack(
    ">BBI4I4dd",
    string.byte(standing), isNew and 1 or 0, position or 0, after or 0, one or 0, other or 0
  )
end

-- Takes a call of the person for a sign of life, and answers it.
local function hear(member, place, isNew)
  local standing = standingOf(place)
  if standing == "R" then
    redis.call("ZREM", ACTIVE, member)
    redis.call("ZADD", RETURNED, place.order, member)
    redis.call("PEXPIREAT", RETURNED, whole(CLOSE + PLACES_MS))
    place.kind, standing = "W", "W"
  end
  if standing == "W" then
    -- Whoever came back is next, and is not in the line; before the draw nobody has a position.
    local rank = redis.call("ZRANK", LINE, member)
    local position = isDrawn() and (rank or 0) + 1 or 0
    local after = pollAfter((rank or redis.call("ZRANK", RETURNED, member) or 0) + 1)
    place.due = now + 2 * after + 10000
    writePlace(member, place)
    return answer("W", isNew, position, after, math.max(0, OPEN - now) + turnAfter(position, toldRate))
  elseif standing == "A" then
    if not place.isFetched then
      place.isFetched, place.due = true, upToSecond(now + PASS_MS)
      redis.call("ZADD", ACTIVE, place.due, member)
      writePlace(member, place)
    end
    -- It is of no use after the sale, whose end may be moved.
    local passEnd = math.min(place.due, upToSecond(CLOSE))
    return answer("A", isNew, 0, 0, tonumber(place.serial), passEnd)
  end
  return answer(standing, isNew)
end
