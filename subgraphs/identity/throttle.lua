#!lua name=LIBRARY
-- Counts an attempt under each key, before it is made, so that attempts at the same time cannot pass together.
-- The payload is the window in seconds and each key's limit, by spaces; the answer is how many seconds to wait, 0 for none.
local function count(keys, arguments)
  local numbers = {}
  for number in string.gmatch(arguments[1], '%d+') do
    numbers[#numbers + 1] = tonumber(number)
  end
  local wait = 0
  for i, key in ipairs(keys) do
    local attempts = redis.call('INCR', key)
    if attempts == 1 then redis.call('EXPIRE', key, numbers[1]) end
    if attempts > numbers[i + 1] then wait = math.max(wait, redis.call('TTL', key)) end
  end
  return tostring(wait)
end

redis.register_function('LIBRARY', count)
