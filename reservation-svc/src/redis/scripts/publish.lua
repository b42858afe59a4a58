--[[
  Appends moves to the event stream, in order, all or none.

  KEYS[1]  the stream
  ARGV[1]  how many entries the stream keeps, about
  ARGV[2..]  for each move three values: its sequence number, the reservation's id, the payload

  Returns how many entries were appended.
]]
local appended = 0
for first = 2, #ARGV, 3 do
  redis.call(
    "XADD", KEYS[1], "MAXLEN", "~", ARGV[1], "*",
    "seq", ARGV[first], "reservationId", ARGV[first + 1], "payload", ARGV[first + 2]
  )
  appended = appended + 1
end
return appended
