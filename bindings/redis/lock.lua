-- Takes a customer's lock, or says what stands in the way. README.md beside this file has the fields of the hash.
--
-- KEYS[1]  the customer's name
-- ARGV[1]  id of this question; the reply repeats it
-- ARGV[2]  who asks, "HOST:PROCESS"
-- ARGV[3]  id of the holder to be, the same when asking again; "" takes no lock and only looks
-- ARGV[4]  fence of the state that the caller has and that does not do; "" for any operation but a regeneration
-- ARGV[5]  how long the lock may be held, in milliseconds
--
-- Reply: { name, id, now, outcome, fence, text, stored, expires, failure, wait }
--   "locked"   the lock is the holder's; `fence` is the lock's own, the rest of the state is what is stored
--   "newer"    a state with another fence is stored, and its token has not expired; a `failure` that came with it
--   "failed"   the last regeneration failed, for everybody; `wait`: milliseconds until somebody may try again
--   "busy"     somebody else holds the lock
--   "free"     nobody does, and the caller only looks
--   "deleted", "missing", "version"   no state: deleted not long ago; nothing there; written by a later capauth
local name, question, who, holder, known, lease = KEYS[1], unpack(ARGV)
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local function whole(number) return string.format('%.0f', number) end

local function host(worker) return string.match(worker, '^[^:]*') end

local function reply(outcome, state, failure, wait)
  local fence, text, stored, expires = unpack(state or {})
  return { name, question, whole(now), outcome, fence or '', text or '', stored or '', expires or '',
           failure or '', whole(wait or 0) }
end

-- A failure that the caller is to take for its own. What one worker met alone is that worker's; what two workers of
-- one host met is that host's. From the future: the clock went back.
local function shared_failure()
  local failure, failed, hold, first, second = unpack(
    redis.call('HMGET', name, 'failure', 'failed', 'hold', 'failed_by', 'failed_too'))
  if not failure then return nil end
  local age = now - failed
  if age < 0 or age >= hold * 1000 then return nil end
  if first ~= '' and (second == '' or host(first) == host(second) and host(first) ~= host(who)) then return nil end
  return failure, math.ceil(hold - age / 1000)
end

local version, fence, text, stored, expires, last, held_by, till, held_for, deleted = unpack(redis.call(
  'HMGET', name, 'v', 'fence', 'text', 'stored', 'expires', 'last', 'holder', 'until', 'lease', 'deleted'))
if deleted then return reply('deleted') end
if not text then return reply('missing') end
if version ~= '1' then return reply('version') end

local state = { fence, text, stored, expires }
if known ~= '' then
  local failure, wait = shared_failure()
  if known ~= fence and (expires == '' or tonumber(expires) > now) then
    return reply('newer', state, failure, wait)
  end
  if failure then return reply('failed', state, failure, wait) end
end
-- A lock that would last longer than it was taken for was taken before the clock went back.
if held_by and held_by ~= holder and tonumber(till) > now and till - now <= held_for * 1000 then
  return reply('busy', state)
end
if holder == '' then return reply('free', state) end

-- A counter that never runs behind the clock. The counter alone would give numbers out twice when Redis restarts
-- without its last writes, or after a delete; the clock alone may be set back.
state[1] = whole(math.max((last or 0) + 1, now))
redis.call('HSET', name, 'holder', holder, 'until', whole(now + lease * 1000), 'lease', lease, 'last', state[1])
return reply('locked', state)
