-- Stores, keeps or forgets a customer without the lock, whose holder's outcome is then refused. README.md has the
-- fields of the hash.
--
-- KEYS[1]  the customer's name
-- ARGV[1]  id of this question; the reply repeats it, and asking again does nothing more
-- ARGV[2]  "save", "touch" or "delete"
-- ARGV[3]  save: the text
-- ARGV[4]  save: fence of the state that this one follows; "": a new sign-in, which replaces any
-- ARGV[5]  save: how long its token still lives, in milliseconds; "": not known
-- ARGV[6]  save and touch: Redis forgets the customer so many milliseconds after the last change; "0": never;
--          "": as it was. delete: how long it shall be known that the customer was deleted
-- ARGV[7]  save: what "as it was" means for a customer who is not there yet, "0" or milliseconds
--
-- Reply: { name, id, now, outcome, fence, "", "", "", "", "0" }
--   "stored"   done
--   "stale"    save: something else is stored than the state that this one follows
--   "deleted", "missing"   touch: no state, as for lock.lua
local name, question, action, text, follows, life, ttl, usual = KEYS[1], unpack(ARGV)
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local function whole(number) return string.format('%.0f', number) end

local function reply(outcome, fence)
  return { name, question, whole(now), outcome, fence or '', '', '', '', '', '0' }
end

local fence, stored_text, last, put, had, deleted = unpack(redis.call(
  'HMGET', name, 'fence', 'text', 'last', 'put', 'ttl', 'deleted'))

-- Comes before what it is for: without the right to it, nothing shall be stored.
local function limit()
  if ttl == '' then ttl = had or (stored_text and '0' or usual) end
  if ttl ~= '0' then
    redis.call('PEXPIRE', name, ttl)
  elseif had or deleted then
    redis.call('PERSIST', name)
  end
end

local function note_limit()
  if ttl == '0' then
    redis.call('HDEL', name, 'ttl')
  else
    redis.call('HSET', name, 'ttl', ttl)
    redis.call('PEXPIRE', name, ttl)
  end
end

if put == question then return reply('stored', fence) end

if action == 'delete' then
  redis.call('DEL', name)
  if stored_text then
    redis.call('HSET', name, 'name', name, 'v', '1', 'deleted', whole(now), 'last', last, 'put', question)
    redis.call('PEXPIRE', name, ttl)
  end
  return reply 'stored'
end

if action == 'touch' then
  if not stored_text then return reply(deleted and 'deleted' or 'missing') end
  limit()
  note_limit()
  return reply('stored', fence)
end

if follows ~= '' and follows ~= fence then return reply 'stale' end
limit()
fence = whole(math.max((last or 0) + 1, now)) -- as in lock.lua
redis.call('HSET', name, 'name', name, 'v', '1', 'fence', fence, 'text', text, 'last', fence, 'put', question,
  'stored', whole(now), 'expires', life == '' and '' or whole(now + life * 1000))
redis.call('HDEL', name, 'deleted', 'failure', 'failed', 'hold', 'failed_by', 'failed_too')
note_limit()
return reply('stored', fence)
