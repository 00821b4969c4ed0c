#!lua name=LIBRARY
-- Decides a batch of rate-limit decisions as one atomic step. `subgraphs.ratelimit.domain` is its model and says what
-- each algorithm promises; tests drive both with the same times and compare every number.
--
-- KEYS are the limits' states, and of who reserves, settles or resets all else that is written; beside a state stands its
-- sorted set of holds, KEY:h, with members COST:ID by deadline.
-- ARGV[1] is MessagePack: {now, decisions}; now is 0 for the server's own time. Times are microseconds.
--   decision {mode, limits, id, ttl or actual cost, the record's key, record, ttl of the record in ms}
--   limit    {key, kind, cost, shadow, capacity, parameters...}
-- The answer is MessagePack: {now, {{verdict, granted, {{remaining, reset, wait, held}, ...}}, ...}}; the verdict is 0 for
-- allowed, the place of the limit that denies, or STALE or LAPSED.
--
-- All states are read before and written after all decisions, each once: an error in between changes nothing but holds.
-- All numbers are integers below 2^53, for which Lua's doubles are exact as long as no quotient is rounded.

local CHECK, PEEK, TAKE, REFUND, RESERVE, SETTLE, RESET = 1, 2, 3, 4, 5, 6, 7
local STALE, LAPSED = -1, -2
local MARGIN = 2000  -- ms that a state outlives its meaning, for a clock that is set back a little

local function floor_div(a, b)
  local rest = math.fmod(a, b)
  return (a - rest) / b - (rest < 0 and 1 or 0)
end

local function ceil_div(a, b)
  local rest = math.fmod(a, b)
  return (a - rest) / b + (rest > 0 and 1 or 0)
end

local function integer(number) return string.format('%.0f', number) end

-- Each kind: `settle` brings a state to now; `room` is what of the capacity is free; `charge` takes from it, or gives
-- back; `reset` is when all of it is free; `wait` is when there is room for `need`, which the capacity exceeds or equals.

local gcra = { x = 0, y = 1 }  -- x: debt in tokens times y; L[6] / L[7]: tokens a microsecond, in lowest terms

function gcra.settle(S, L, now)
  if S.y ~= L[7] then S.x, S.y = ceil_div(S.x, S.y) * L[7], L[7] end
  local debt = math.min(S.x, L[5] * L[7])
  S.x = math.max(0, debt - (now - S.at) * L[6])
end

function gcra.room(S, L) return floor_div(L[5] * L[7] - S.x, L[7]) end
function gcra.charge(S, L, now, cost) S.x = math.max(0, S.x + cost * L[7]) end
function gcra.reset(S, L) return ceil_div(S.x, L[6]) end
function gcra.wait(S, L, now, need) return ceil_div(S.x + (need - L[5]) * L[7], L[6]) end

local window = { x = 0, y = 0 }  -- x: the count; L[6]: the period, 0 when L[7], L[8], L[9] bound two calendar windows

local function bounds(L, now)
  if L[6] > 0 then
    local start = now - math.fmod(now, L[6])
    return start, start + L[6]
  end
  if now < L[7] or now >= L[9] then return nil end
  if now < L[8] then return L[7], L[8] end
  return L[8], L[9]
end

function window.settle(S, L, now)
  local start
  start, S.stop = bounds(L, now)
  if S.at < start then S.x = 0 end
end

function window.room(S, L) return L[5] - S.x end
function window.charge(S, L, now, cost) S.x = math.max(0, S.x + cost) end
function window.reset(S, L, now) return S.x > 0 and S.stop - now or 0 end
function window.wait(S, L, now) return S.stop - now end

local counter = { x = 0, y = 0 }  -- x: this window's count; y: the one's before, which fades by the millisecond

function counter.settle(S, L, now)
  local start, before = now - math.fmod(now, L[6]), S.at - math.fmod(S.at, L[6])
  if before == start - L[6] then
    S.x, S.y = 0, S.x
  elseif before ~= start then
    S.x, S.y = 0, 0
  end
  S.stop = start + L[6]
end

function counter.room(S, L, now)
  local period, left = L[6] / 1000, ceil_div(S.stop - now, 1000)
  return floor_div((L[5] - S.x) * period - S.y * left, period)
end

function counter.charge(S, L, now, cost) S.x = math.max(0, S.x + cost) end

function counter.reset(S, L, now)
  if S.x > 0 then return S.stop + L[6] - now end
  return S.y > 0 and S.stop - now or 0
end

function counter.wait(S, L, now, need)
  local period, spare = L[6] / 1000, L[5] - need
  if S.x <= spare and S.y > 0 then
    return S.stop - floor_div((spare - S.x) * period, S.y) * 1000 - now
  end
  local left = S.x > 0 and math.min(period, floor_div(spare * period, S.x)) or period
  return S.stop + L[6] - left * 1000 - now
end

local log = { x = '', y = 0 }  -- x: the moment of each token, ascending, as big-endian doubles

local function moment(S, i) return (struct.unpack('>d', S.x, i * 8 - 7)) end

function log.settle(S, L, now)
  local low, high = 0, #S.x / 8  -- how many are too old lies between
  while low < high do
    local middle = math.ceil((low + high) / 2)
    if moment(S, middle) <= now - L[6] then low = middle else high = middle - 1 end
  end
  S.x = string.sub(S.x, low * 8 + 1)
end

function log.room(S, L) return L[5] - #S.x / 8 end

function log.charge(S, L, now, cost)
  if cost < 0 then
    S.x = string.sub(S.x, -cost * 8 + 1)
  else
    S.x = S.x .. string.rep(struct.pack('>d', now), cost)
  end
end

function log.reset(S, L, now) return #S.x > 0 and moment(S, #S.x / 8) + L[6] - now or 0 end
function log.wait(S, L, now, need) return moment(S, #S.x / 8 + need - L[5]) + L[6] - now end

function log.shift(S, by)
  local moments = {}
  for i = 1, #S.x / 8 do moments[i] = struct.pack('>d', moment(S, i) - by) end
  S.x = table.concat(moments)
end

local concurrency = { x = 0, y = 0 }  -- nothing but holds
function concurrency.settle() end
function concurrency.room(S, L) return L[5] end
function concurrency.charge() end
function concurrency.reset() return 0 end

local KINDS = { gcra, window, log, counter, concurrency }

-- Holds

local function deadline_at(holds, rank)
  return tonumber(redis.call('ZRANGE', holds, rank, rank, 'WITHSCORES')[2])
end

local function drop_lapsed(S, now)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', S.holds, '-inf', integer(now))) do
    S.held = S.held - tonumber(string.match(member, '^%d+'))
  end
  redis.call('ZREMRANGEBYSCORE', S.holds, '-inf', integer(now))
  local first = deadline_at(S.holds, 0)
  if not first and S.last > now then return end  -- a cluster is moving them here: all count until they have come
  S.held, S.first, S.dirty = first and S.held or 0, first or 0, true
end

local function add_hold(S, L, now, id, ttl)
  local deadline = now + ttl
  redis.call('ZADD', S.holds, integer(deadline), integer(L[3]) .. ':' .. id)
  S.first = S.held > 0 and math.min(S.first, deadline) or deadline
  S.last = S.held > 0 and math.max(S.last, deadline) or deadline
  S.held, S.dirty = S.held + L[3], true
  redis.call('PEXPIRE', S.holds, integer(ceil_div(S.last - now, 1000) + MARGIN))
end

local function remove_hold(S, L, id)
  redis.call('ZREM', S.holds, integer(L[3]) .. ':' .. id)
  S.first, S.last = deadline_at(S.holds, 0) or 0, deadline_at(S.holds, -1) or 0
  S.held, S.dirty = S.held - L[3], true
end

local function is_held(S, L, now, id)
  local deadline = redis.call('ZSCORE', S.holds, integer(L[3]) .. ':' .. id)
  return deadline and tonumber(deadline) > now
end

-- States

local function shift(S, kind, by)
  S.at = S.at - by
  if kind.shift then kind.shift(S, by) end
  if S.held > 0 then
    local holds = redis.call('ZRANGE', S.holds, 0, -1, 'WITHSCORES')
    for i = 1, #holds, 2 do redis.call('ZADD', S.holds, integer(tonumber(holds[i + 1]) - by), holds[i]) end
    S.first, S.last = S.first - by, S.last - by
  end
  S.dirty = true
end

local function decode(key, value, kind, now)
  local S = { key = key, holds = key .. ':h', exists = value and true }
  if value then
    S.at, S.held, S.first, S.last, S.x, S.y = unpack(cmsgpack.unpack(value))
  else
    S.at, S.held, S.first, S.last, S.x, S.y = now, 0, 0, 0, kind.x, kind.y
  end
  return S
end

local function bring_to(S, L, kind, now)
  -- A clock that went back takes all that is remembered with it, so that nobody waits for it to catch up.
  if S.at > now then shift(S, kind, S.at - now) end
  kind.settle(S, L, now)
  S.at, S.limit = now, L
  if S.held > 0 and S.first <= now then drop_lapsed(S, now) end
end

local function write(S, now)
  local kind = KINDS[S.limit[2]]
  local lasts = kind.reset(S, S.limit, now)
  if S.held > 0 then lasts = math.max(lasts, S.last - now) end
  if lasts > 0 then
    local value = cmsgpack.pack({ S.at, S.held, S.first, S.last, S.x, S.y })
    redis.call('SET', S.key, value, 'PX', integer(ceil_div(lasts, 1000) + MARGIN))
  elseif S.exists then
    redis.call('DEL', S.key)
  end
end

-- Decisions

local function wait_for(S, L, kind, now)
  if L[3] > L[5] then return -1 end
  local need = L[3] + S.held
  local holds_end = S.held > 0 and S.first - now or 0
  if need > L[5] then return holds_end end
  return kind.wait(S, L, now, need)
end

-- The denying limit's place, 0 without one; and what every limit that counts has room for.
local function judge(limits, states, now)
  local verdict, available = 0, math.huge
  for i, L in ipairs(limits) do
    local S, kind = states[i], KINDS[L[2]]
    S.free = kind.room(S, L, now) - S.held
    S.fits = L[3] <= S.free
    S.wait = S.fits and 0 or wait_for(S, L, kind, now)
    if L[4] == 0 then
      available = math.min(available, S.free)
      if not S.fits and verdict == 0 then verdict = i end
    end
  end
  return verdict, available
end

local function charge_all(limits, states, now, cost)
  for i, L in ipairs(limits) do
    local S = states[i]
    if L[4] == 0 or (cost or L[3]) <= S.free then
      KINDS[L[2]].charge(S, L, now, cost or L[3])
      S.dirty = true
    end
  end
end

local function hold_all(D, states, now)
  for i, L in ipairs(D[2]) do
    if L[4] == 0 or states[i].fits then add_hold(states[i], L, now, D[3], D[4]) end
  end
  redis.call('SET', D[5], D[6], 'PX', integer(D[7]))
end

-- What was held is charged as far as it was used; more than that as far as there is room.
local function settle_all(D, states, now)
  for i, L in ipairs(D[2]) do
    if L[4] == 0 and not is_held(states[i], L, now, D[3]) then return LAPSED end
  end
  for i, L in ipairs(D[2]) do
    local S, kind = states[i], KINDS[L[2]]
    if is_held(S, L, now, D[3]) then
      remove_hold(S, L, D[3])
      local most = math.max(L[3], kind.room(S, L, now) - S.held)
      if D[4] > 0 then kind.charge(S, L, now, math.min(D[4], most)) end
    end
  end
  redis.call('SET', D[5], D[6], 'PX', integer(D[7]))
  return 0
end

local function reset_all(limits, states)
  for i, L in ipairs(limits) do
    local S, kind = states[i], KINDS[L[2]]
    redis.call('DEL', S.holds)
    S.held, S.first, S.last, S.x, S.y, S.dirty = 0, 0, 0, kind.x, kind.y, true
    if kind == gcra then S.y = L[7] end
  end
end

local function refund_all(limits, states, now)
  for i, L in ipairs(limits) do
    KINDS[L[2]].charge(states[i], L, now, -L[3])
    states[i].dirty = true
  end
end

local function act(D, states, now)
  local mode, limits = D[1], D[2]
  if mode == REFUND then return 0, 0, refund_all(limits, states, now) end
  if mode == RESET then return 0, 0, reset_all(limits, states) end
  if mode == SETTLE then return settle_all(D, states, now), D[4] end
  local verdict, available = judge(limits, states, now)
  if mode == TAKE then
    if available <= 0 then return verdict, 0 end
    local granted = math.min(limits[1][3], available)
    charge_all(limits, states, now, granted)
    return 0, granted
  elseif verdict == 0 and mode == CHECK then
    charge_all(limits, states, now)
  elseif verdict == 0 and mode == RESERVE then
    hold_all(D, states, now)
  end
  return verdict, verdict == 0 and limits[1][3] or 0
end

local function decide_one(D, values, cache, now)
  local states = {}
  for i, L in ipairs(D[2]) do
    local kind = KINDS[L[2]]
    if kind == window and not bounds(L, now) then return { STALE, 0, {} } end
    local S = cache[L[1]] or decode(L[1], values[L[1]], kind, now)
    cache[L[1]], states[i] = S, S
    bring_to(S, L, kind, now)
    S.wait = 0
  end
  local verdict, granted = act(D, states, now)
  local standings = {}
  for i, L in ipairs(D[2]) do
    local S, kind = states[i], KINDS[L[2]]
    local reset = kind.reset(S, L, now)
    if S.held > 0 then reset = math.max(reset, S.last - now) end
    standings[i] = { math.max(0, kind.room(S, L, now) - S.held), reset, S.wait, S.held }
  end
  return { verdict, granted, standings }
end

local function decide(keys, args)
  local request = cmsgpack.unpack(args[1])
  local now = request[1]
  if now == 0 then
    local time = redis.call('TIME')
    now = tonumber(time[1]) * 1000000 + tonumber(time[2])
  end
  local values, cache, answers = {}, {}, {}
  for i, value in ipairs(redis.call('MGET', unpack(keys))) do values[keys[i]] = value end
  for i, D in ipairs(request[2]) do answers[i] = decide_one(D, values, cache, now) end
  for _, S in pairs(cache) do
    if S.dirty then write(S, now) end
  end
  return cmsgpack.pack({ now, answers })
end

redis.register_function('LIBRARY', decide)
