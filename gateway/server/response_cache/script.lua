-- Everything that is asked of Valkey, each time in one atomic step: ARGV is the keys' prefix, what is asked, its
-- MessagePack, 'fresh' or '', and what is to be stored.
--
-- Times are microseconds of a clock that never goes back. An entry was `born` when its answer was looked for, before the
-- subgraph was asked. A tag is a hash: `since` when entries with it are valid, and how many were `stored`. A tag that is
-- not there, for whatever reason, was made invalid at the `floor`: the last invalidation of any tag. So a tag can be
-- deleted to make it invalid, and the server may forget tags, but never an invalidation.
--
-- The `epoch` changes with whatever may have lost writes. A server that starts has no scripts, and to bring this one
-- ('fresh') begins an epoch. So does one that takes over: it finds another replication ID than its own, which each promotion
-- makes anew, though it may have the script of when it was in charge before.

local prefix, operation, request = ARGV[1], ARGV[2], cmsgpack.unpack(ARGV[3])
local TAG_LIFE = 120000 -- milliseconds that a tag lasts whose first entry is still being fetched
local FIRST_DATA = 4

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local kept = redis.call('MGET', prefix .. 'clock', prefix .. 'floor', prefix .. 'epoch', prefix .. 'history')
local last, floor, epoch, history = tonumber(kept[1]) or 0, tonumber(kept[2]), tonumber(kept[3]), kept[4] or ''
local told = redis.pcall('INFO', 'replication')
local own = type(told) == 'string' and string.match(told, 'master_replid:(%w+)') or '' -- who may not ask has scripts alone

local function keep(name, value)
  redis.call('SET', prefix .. name, string.format('%.0f', value))
  return value
end

local function tick()
  last = keep('clock', math.max(now, last + 1))
  return last
end

if not floor or not epoch or history ~= own or ARGV[4] == 'fresh' then
  floor = keep('floor', tick())
  epoch = keep('epoch', floor)
  if history ~= own then redis.call('SET', prefix .. 'history', own) end
end

local known = {}
local function since(tag)
  if not known[tag] then
    known[tag] = tonumber(redis.call('HGET', prefix .. tag, 'since')) or floor
  end
  return known[tag]
end

local function ensure(tag, life)
  redis.call('HSETNX', prefix .. tag, 'since', string.format('%.0f', since(tag)))
  if redis.call('PEXPIRE', prefix .. tag, life, 'GT') == 0 and redis.call('PTTL', prefix .. tag) < 0 then
    redis.call('PEXPIRE', prefix .. tag, life)
  end
end

local function are_valid(tags, born)
  for _, tag in ipairs(tags) do
    if since(tag) > born then return false end
  end
  return true
end

-- {luck, {{keys}, {tags}}...} -> MessagePack of {born, epoch, floor} and for each {which of its keys, milliseconds left,
-- size} or false; then the data of all that were found, one after another.
-- The luckier a reader and the dearer an entry was, the sooner before its end it is not found: one refreshes it, not all.
local function lookup()
  local luck, wanted = request[1], request[2]
  local answer, all_data = {}, {}
  for number, entry in ipairs(wanted) do
    local found = false
    for place, key in ipairs(entry[1]) do
      local stored = redis.call('GET', prefix .. key)
      if stored then
        local born, own_epoch, cost, ends, tags, data = cmsgpack.unpack(stored)
        local left = ends - now
        if own_epoch == epoch and left > cost * luck and are_valid(tags, born) then
          found = {place, math.floor(left / 1000), #data}
          table.insert(all_data, data)
          break
        end
      end
    end
    answer[number] = found
  end
  for number, entry in ipairs(wanted) do
    if not answer[number] then
      for _, tag in ipairs(entry[2]) do ensure(tag, TAG_LIFE) end
    end
  end
  local born = math.max(now, last)
  if born > last then keep('clock', born) end
  return {cmsgpack.pack({{born, epoch, floor}, answer}), table.concat(all_data)}
end

-- {born, epoch, {{key, milliseconds, {tags}}...}}, the data in ARGV -> how many were stored
local function store()
  local born, own_epoch, entries = request[1], request[2], request[3]
  local stored = 0
  for number, entry in ipairs(entries) do
    local key, life, tags = entry[1], entry[2], entry[3]
    local is_valid = own_epoch == epoch and are_valid(tags, born)
    for _, tag in ipairs(tags) do
      ensure(tag, life + 1000)
      if is_valid then redis.call('HINCRBY', prefix .. tag, 'stored', 1) end
    end
    if is_valid then
      local data = ARGV[FIRST_DATA + number]
      local value = cmsgpack.pack(born, own_epoch, math.max(now - born, 0), now + life * 1000, tags, data)
      redis.call('SET', prefix .. key, value, 'PX', life)
      stored = stored + 1
    end
  end
  return stored
end

-- {tags} -> how many entries were stored with them
local function invalidate()
  local count = 0
  for _, tag in ipairs(request) do
    count = count + (tonumber(redis.call('HGET', prefix .. tag, 'stored')) or 0)
    redis.call('DEL', prefix .. tag)
  end
  keep('floor', tick())
  return count
end

return ({lookup = lookup, store = store, invalidate = invalidate})[operation]()
