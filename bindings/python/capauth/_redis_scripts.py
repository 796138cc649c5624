"""What Redis does in one piece for capauth.redis.

A customer is one hash: `text` (the export) and `fence` (whose it is), `last` (the highest fence given out), `holder`
and `until` of the lock, `ttl`, `put` (who put it there last), `failure` and `failed` (when) of the last regeneration.
Times are microseconds by Redis's own clock.

A fence is a counter that never runs behind that clock. The counter alone would give numbers out twice when Redis
restarts without its last writes, or after a delete; the clock alone may be set back.
"""

_CLOCK = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local function whole(number) return string.format('%.0f', number) end
local function next_fence(last) return whole(math.max((last or 0) + 1, now)) end
"""

# Takes the lock: holder, fence of the state that the caller knows to be lacking ("": any), milliseconds.
# Gives what became of it, fence, text, and a failure that is less than a second old.
LOCK = f"""{_CLOCK}
local fence, text, last, holder, till, failure, failed = unpack(
  redis.call('HMGET', KEYS[1], 'fence', 'text', 'last', 'holder', 'until', 'failure', 'failed'))
if not text then return false end
if not failed or now - failed >= 1000000 then failure = '' end
if ARGV[2] ~= '' and ARGV[2] ~= fence then return {{'newer', fence, text, failure}} end
if ARGV[2] ~= '' and failure ~= '' then return {{'failed', fence, text, failure}} end
if holder and holder ~= ARGV[1] and tonumber(till) > now then return {{'busy', fence, '', ''}} end
fence = next_fence(last)
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'until', whole(now + ARGV[3] * 1000), 'last', fence)
return {{'locked', fence, text, ''}}
"""

# Lets go of the lock: holder, fence, text ("": unchanged), failure (""). Nothing is written over a newer fence, nor
# twice with the same one: a lock's fence is its holder's alone.
UNLOCK = f"""{_CLOCK}
local fence, text, holder, ttl = unpack(redis.call('HMGET', KEYS[1], 'fence', 'text', 'holder', 'ttl'))
if not text then return false end
if holder == ARGV[1] then redis.call('HDEL', KEYS[1], 'holder', 'until') end
if tonumber(fence) > tonumber(ARGV[2]) then return {{'newer', fence, text}} end
if ARGV[3] ~= '' and fence ~= ARGV[2] then
  fence, text = ARGV[2], ARGV[3]
  redis.call('HSET', KEYS[1], 'fence', fence, 'text', text)
  redis.call('HDEL', KEYS[1], 'failure', 'failed')
  if ttl then redis.call('PEXPIRE', KEYS[1], ttl) end
end
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'failure', ARGV[4], 'failed', whole(now)) end
return {{'stored', fence, text}}
"""

# Stores without the lock, whose holder is then refused: text, fence of the state that this one follows ("": a new
# sign-in, which replaces any), milliseconds to live ("": no end), an id that makes repeating it harmless.
PUT = f"""{_CLOCK}
local fence, last, put = unpack(redis.call('HMGET', KEYS[1], 'fence', 'last', 'put'))
if put == ARGV[4] then return fence end
if ARGV[2] ~= '' and ARGV[2] ~= fence then return false end
fence = next_fence(last)
redis.call('HSET', KEYS[1], 'fence', fence, 'text', ARGV[1], 'last', fence, 'put', ARGV[4])
redis.call('HDEL', KEYS[1], 'failure', 'failed', 'ttl')
if ARGV[3] == '' then
  redis.call('PERSIST', KEYS[1])
else
  redis.call('HSET', KEYS[1], 'ttl', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return fence
"""
