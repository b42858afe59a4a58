--[[
  Gives a person's place up, and the slot that they have. After room.lua.

  ARGV[8]  the user id, 16 bytes

  Returns how many places were given up.
]]
for _, key in ipairs({ LINE, RETURNED, ACTIVE }) do
  redis.call("ZREM", key, ARGV[8])
end
return redis.call("HDEL", PLACES, ARGV[8])
