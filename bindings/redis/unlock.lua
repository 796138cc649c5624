-- Stores the outcome of what was done under a lock, and lets go of it. README.md has the fields of the hash.
--
-- Nothing is written over a newer fence, nor twice with the same one: a lock's fence is its holder's alone.
--
-- KEYS[1]  the customer's name
-- ARGV[1]  id of this question; the reply repeats it
-- ARGV[2]  who asks, "HOST:PROCESS"
-- ARGV[3]  id of the holder
-- ARGV[4]  the lock's fence
-- ARGV[5]  the new text; "": it has not changed
-- ARGV[6]  how long its token still lives, in milliseconds; "": not known
-- ARGV[7]  why the regeneration failed; "": it did not, or nobody else is to know
-- ARGV[8]  "service": the Auth Engine said so; "local": this worker did not hear from it
-- ARGV[9]  how long nobody is to try again, in milliseconds
--
-- Reply: { name, id, now, outcome, fence, text, stored, expires, "", "0" }, the state that is stored now
--   "stored"   what there was to store is stored
--   "newer"    nothing was stored: somebody else has stored a newer state
--   "deleted", "missing"   no state, as for lock.lua
local name, question, who, holder, mine, changed, life, failure, kind, hold = KEYS[1], unpack(ARGV)
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local PAIR = 60 * 1000000 -- two failures that are further apart have nothing to do with each other

local function whole(number) return string.format('%.0f', number) end

local function host(worker) return string.match(worker, '^[^:]*') end

local function reply(outcome, fence, text, stored, expires)
  return { name, question, whole(now), outcome, fence or '', text or '', stored or '', expires or '', '', '0' }
end

-- Another worker that met a failure of its own just before us, of another host if there is one.
local function other_witness()
  local failed, first, second = unpack(redis.call('HMGET', name, 'failed', 'failed_by', 'failed_too'))
  if not failed or now - failed < 0 or now - failed > PAIR then return '' end
  local found = ''
  for _, worker in ipairs { first, second } do
    if worker and worker ~= '' and worker ~= who and (found == '' or host(worker) ~= host(who)) then found = worker end
  end
  return found
end

local function remember()
  local by, too = '', ''
  if kind == 'local' then by, too = who, other_witness() end
  redis.call('HSET', name, 'failure', failure, 'failed', whole(now), 'hold', hold, 'failed_by', by, 'failed_too', too)
end

local fence, text, stored, expires, held_by, ttl, deleted = unpack(redis.call(
  'HMGET', name, 'fence', 'text', 'stored', 'expires', 'holder', 'ttl', 'deleted'))
if deleted then return reply 'deleted' end
if not text then return reply 'missing' end
if held_by == holder then redis.call('HDEL', name, 'holder', 'until', 'lease') end
if tonumber(fence) > tonumber(mine) then return reply('newer', fence, text, stored, expires) end

if changed ~= '' and fence ~= mine then
  fence, text, stored, expires = mine, changed, whole(now), life == '' and '' or whole(now + life * 1000)
  redis.call('HSET', name, 'fence', fence, 'text', text, 'stored', stored, 'expires', expires)
  redis.call('HDEL', name, 'failure', 'failed', 'hold', 'failed_by', 'failed_too')
  if ttl then redis.call('PEXPIRE', name, ttl) end
end
if failure ~= '' then remember() end
return reply('stored', fence, text, stored, expires)
