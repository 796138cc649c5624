-- SPDX-License-Identifier: Apache-2.0
-- Customers' sessions in Redis, for a fleet of workers. bindings/redis/README.md has the protocol, which Python and
-- Java share.
--
--   local store = require "capauth.redis".new(redis, client, { lock_seconds = 10 })
--   store:save(key, customer)
--   local customer, err = store:session(key)
--   local reply, err = customer:gateway("GET", "customer/get")
--
-- `redis` is a connected client of lua-redis or lua-resty-redis, or anything with their `hmget`, `evalsha`, `script`.
local core = require "capauth.core"
local errors = require "capauth.errors"
local events = require "capauth.events"
local protocol = require "capauth.redis_protocol"
local sha256 = require "capauth.sha256"
local values = require "capauth.values"

local OPERATION_SHARE = 0.75 -- of the lock's time; the rest is for storing the outcome
local POLL, LONGEST_POLL = 0.01, 0.1
local MARGIN_SHARE = 0.5 -- of a token's life
local HOLD_BACK = 1 -- seconds that a worker leaves a customer to others, after a failure of its own
local CLOCK_SECONDS = 60 -- how long a reading of Redis's clock is trusted
local REMEMBERED_MS = 3600 * 1000 -- how long it is known that a customer was deleted

local ORIGIN = '^({"v":1,"origin":")([^"\\]*)(".*)$' -- as the core begins every export

local known = values.names {
  "prefix", "lock_seconds", "ttl", "sleep", "gettime", "encrypt", "decrypt", "metrics", "earlier_origins",
}

local Store = {}
Store.__index = Store
Store.__metatable = "capauth.redis.Store"

local Customer = require("capauth.redis_customer")

-- ---- New store ------------------------------------------------------------------------------------------------------

local function host_functions()
  if ngx and ngx.sleep then return ngx.sleep, function() ngx.update_time() return ngx.now() end end
  local found, socket = pcall(require, "socket")
  if found then return socket.sleep, socket.gettime end
end

-- Milliseconds for the scripts; "" as it was, 0 for ever.
local function ttl_ms(ttl, what)
  if ttl == nil then return "" end
  values.check(ttl, "number", "ttl", what)
  if ttl == math.huge then return 0 end
  if not (ttl > 0 and ttl <= 100 * 366 * 86400) then
    values.misuse(what .. ": ttl must be more than 0 seconds and at most 100 years, or math.huge")
  end
  return math.max(1, math.floor(ttl * 1000 + 0.5))
end

local function plain_origin(url) return url:gsub("/+$", ""):lower() end

local function set_of_origins(urls)
  local set = {}
  for _, url in ipairs(values.check(urls or {}, "table", "earlier_origins", "redis.new")) do
    set[plain_origin(values.check(url, "string", "each of earlier_origins", "redis.new"))] = true
  end
  return set
end

local function new(redis, client, options)
  options = values.options(options, known, "redis.new")
  local sleep, gettime = host_functions()
  for _, name in ipairs { "sleep", "gettime", "encrypt", "decrypt", "metrics" } do
    if options[name] ~= nil then values.check(options[name], "function", name, "redis.new") end
  end
  local self = setmetatable({
    _redis = redis,
    _client = client,
    _prefix = values.check(options.prefix or "capauth:", "string", "prefix", "redis.new"),
    _lock_seconds = values.check(options.lock_seconds or 10, "number", "lock_seconds", "redis.new"),
    _ttl = ttl_ms(options.ttl or math.huge, "redis.new"),
    _sleep = options.sleep or sleep,
    _gettime = options.gettime or gettime,
    _encrypt = options.encrypt,
    _decrypt = options.decrypt,
    _metrics = options.metrics,
    _earlier_origins = set_of_origins(options.earlier_origins),
    _clock_read = -math.huge,
    _regenerating = {}, -- names for which a coroutine of this worker regenerates the token
    _held_back = {}, -- failures of our own, by name, and until when they count
    _saved = setmetatable({}, { __mode = "k" }),
  }, Store)
  if not (self._lock_seconds >= 0.1 and self._lock_seconds <= 3600) then
    values.misuse "redis.new: lock_seconds must be from 0.1 to 3600"
  end
  if self._prefix:find "[%c{]" then values.misuse "redis.new: prefix must not have braces or control characters" end
  if not self._sleep or not self._gettime then
    values.misuse "redis.new: sleep and gettime are needed where there is no luasocket"
  end
  self._worker = sha256(protocol.host()):sub(1, 8) .. ":" .. protocol.random():sub(1, 8)
  return self
end

function Store.__tostring(self)
  return ("capauth.redis.Store(%q, lock_seconds %s)"):format(self._prefix, self._lock_seconds)
end

-- The name in Redis: a hash, since the key may be a cookie or a telephone number. `what` is the caller's function.
local function name_of(self, key, what)
  return self._prefix .. sha256(values.check(key, "string", "key", what))
end

function Store:name(key) return name_of(self, key, "name") end

-- ---- Redis ---------------------------------------------------------------------------------------------------------

function Store:_now() -- microseconds by Redis's clock
  return (self._gettime() + self._clock_offset) * 1e6
end

-- Each answer of a script has the time of Redis.
function Store:_set_clock(answer)
  self._clock_read = self._gettime()
  self._clock_offset = answer.now / 1e6 - self._clock_read
  return answer
end

-- Asks until Redis answers; while it is away, for as long as a lock lasts.
function Store:_ask(attempt)
  local give_up = self._gettime() + self._lock_seconds
  while true do
    local answer, why, is_temporary = attempt()
    if answer then return answer end
    if not is_temporary or self._gettime() + LONGEST_POLL >= give_up then return nil, protocol.failure("redis", why) end
    self._sleep(LONGEST_POLL)
  end
end

function Store:_script(script, name, ...)
  local question = protocol.random()
  local arguments = { ... }
  local answer, err = self:_ask(function()
    return protocol.run(self._redis, script, name, question, arguments)
  end)
  if not answer then return nil, err end
  return self:_set_clock(answer)
end

function Store:_read(name)
  if self._gettime() - self._clock_read < CLOCK_SECONDS then
    local answer, err = self:_ask(function() return protocol.read(self._redis, name) end)
    if not answer then return nil, err end
    if answer.outcome ~= "missing" then return answer end
  end
  return self:_script("lock", name, "", "", "", 0)
end

-- The state in an answer, or nil and why there is none.
function Store:_state(answer, missing)
  local text = protocol.no_state[answer.outcome]
  if text then return nil, protocol.failure(answer.outcome, answer.outcome == "missing" and missing or text) end
  if self._decrypt and answer.text ~= "" then answer.text = self._decrypt(answer.text) end
  answer.text = self:_with_own_origin(answer.text)
  return answer
end

-- The text, with the client's origin in place of an earlier one.
function Store:_with_own_origin(text)
  local head, origin, rest = text:match(ORIGIN)
  if not origin or not self._earlier_origins[plain_origin(origin)] then return text end
  local session = assert(self._client:external_session("-", "-", "-"))
  local _, own = assert(session:export()):match(ORIGIN)
  session:close()
  return head .. own .. rest
end

function Store:_encrypted(text)
  return self._encrypt and text ~= "" and self._encrypt(text) or text
end

-- Tells `metrics` what became of a token: "hit", it was valid; "wait", another worker brought a new one;
-- "regeneration", we did; "failure", our regeneration failed; "shared_failure", another worker's did.
function Store:_count(kind, begun, err)
  if not self._metrics then return end
  local event = { kind = kind, seconds = self._gettime() - begun, error = err and err.name or nil }
  events.run(self._client, "metrics", self._metrics, event)
end

-- ---- Storing --------------------------------------------------------------------------------------------------------

local function token_life_ms(session)
  local left = session:expires_in()
  return left and math.floor(left * 1000) or ""
end

-- Stores a session. The first time it replaces what there is, a new sign-in; after that it is an error of kind "stale"
-- if anybody has stored this key since.
function Store:save(key, session, ttl)
  local name, follows = name_of(self, key, "save"), ""
  local text, err = session:export()
  if not text then return nil, err end
  local saved = Customer.saved(session) or self._saved[session]
  if saved and saved.name == name then follows = saved.fence end
  local answer
  answer, err = self:_script("put", name, "save", self:_encrypted(text), follows, token_life_ms(session),
    ttl_ms(ttl, "save"), self._ttl)
  if not answer then return nil, err end
  if answer.outcome ~= "stored" then
    return nil, protocol.failure("stale", "a newer state of this customer is stored, or it was deleted")
  end
  if saved and saved.name == name then saved.fence = answer.fence
  else self._saved[session] = { name = name, fence = answer.fence } end
  return true
end

-- Starts the customer's time to live again, with another one if given.
function Store:touch(key, ttl)
  local answer, err = self:_script("put", name_of(self, key, "touch"), "touch", "", "", "", ttl_ms(ttl, "touch"), "")
  if answer then answer, err = self:_state(answer, "nothing is stored under this key") end
  if not answer then return nil, err end
  return true
end

-- Deletes what is stored of these customers. It does not sign them out.
function Store:delete(...)
  for _, key in ipairs { ... } do
    local answer, err = self:_script("put", name_of(self, key, "delete"), "delete", "", "", "", REMEMBERED_MS, "")
    if not answer then return nil, err end
  end
  return true
end

function Store:exists(key)
  local answer, err = self:_read(name_of(self, key, "exists"))
  if not answer then return nil, err end
  return protocol.no_state[answer.outcome] == nil
end

-- The customer of this key; if they are signed in, their token is valid for `margin` more seconds. An error of kind
-- "missing" or "deleted": nothing is stored.
function Store:session(key, margin)
  local name = name_of(self, key, "session")
  if margin ~= nil then values.check(margin, "number", "margin", "session") end
  local state, err = self:_read(name)
  if state then state, err = self:_state(state, "nothing is stored under this key") end
  if not state then return nil, err end
  local session
  session, err = self._client:restore(state.text)
  if not session then return nil, err end
  local customer = Customer.new(self, session, name, state)
  local ok
  ok, err = self:_ensure_valid(customer, margin)
  if not ok then return nil, err end
  return customer
end

-- ---- The lock ------------------------------------------------------------------------------------------------------

-- Our last failure, while it holds us back.
function Store:_own_failure(name)
  local held = self._held_back[name]
  return held and self._gettime() < held.till and held.err or nil
end

-- The lock's answer, which is not "busy". `fence` is that of the state that will not do, or "".
function Store:_lock(name, fence, give_up)
  local holder, pause = protocol.random(), POLL
  while true do
    local taker = fence ~= "" and self:_own_failure(name) and "" or holder
    local asked = self._gettime()
    local answer, err = self:_script("lock", name, self._worker, taker, fence, math.floor(self._lock_seconds * 1000))
    if not answer then return nil, err end
    local late = self._gettime() > asked + self._lock_seconds / 2 -- then the same holder gets it anew
    if answer.outcome == "locked" and not late then
      answer.holder, answer.till = holder, asked + self._lock_seconds
    end
    if answer.outcome ~= "busy" and not (answer.outcome == "locked" and late) then return answer end
    if self._gettime() + pause > give_up then
      return nil, errors.of_code(core.E_DEADLINE, "other workers held the lock of this customer all the time")
    end
    if answer.outcome == "busy" then self._sleep(pause) end
    pause = math.min(pause * 1.5, LONGEST_POLL)
  end
end

-- An operation under the lock, its outcome stored: { state, results, changed, stored }. `tells`: a failure is told to
-- other workers.
function Store:_run_locked(name, lock, operation, arguments, tells)
  local state, bad = self:_state(lock)
  local session, before, results, text, life
  if state then session, bad = self._client:restore(state.text) end
  text, life = "", ""
  if session then
    before = session:export()
    local options = arguments[#arguments]
    local left = (lock.till - self._gettime()) * OPERATION_SHARE
    options.timeout = math.max(0.001, math.min(options.timeout or self._client:timeout(), left))
    results = { session[operation](session, (table.unpack or unpack)(arguments)) }
    session:close()
    local after = session:export()
    if after ~= before then text, life = after, token_life_ms(session) end
  else
    results = { nil, bad }
  end
  local failure, kind, hold = "", "", 0
  if tells and results[2] then failure, kind, hold = protocol.report(results[2]) end
  local answer, err = self:_script("unlock", name, self._worker, lock.holder, lock.fence, self:_encrypted(text), life,
    failure, kind, hold)
  if answer then answer, err = self:_state(answer, protocol.gone) end
  if not answer then return nil, err end
  return { state = answer, results = results, changed = text ~= "", stored = answer.outcome == "stored" }
end

-- ---- One regeneration ----------------------------------------------------------------------------------------------

-- Gets another state than the customer has, by regenerating or from another worker; true, or nil and why there is
-- none.
function Store:_regenerate(customer, give_up)
  local name, fence, begun = customer._name, customer._state.fence, self._gettime()
  local lock, err = self:_lock(name, fence, give_up)
  if not lock then return nil, err end
  if lock.outcome == "locked" then
    local done
    begun = self._gettime()
    done, err = self:_run_locked(name, lock, "regenerate_token", { {} }, true)
    if not done then return nil, err end
    local failed = done.results[2]
    self:_count(failed and "failure" or "regeneration", begun, failed)
    if failed and protocol.is_own(failed) then
      self._held_back[name] = { till = self._gettime() + HOLD_BACK, err = failed }
    end
    local ok
    ok, err = Customer.adopt(customer, done.state)
    if not ok then return nil, err end
    if failed and done.stored then return nil, failed end
    return true
  end
  if lock.outcome == "free" then return nil, self:_own_failure(name) end
  local failure = lock.failure ~= "" and protocol.shared(lock.failure, lock.wait)
  local state
  state, err = self:_state(lock, protocol.gone)
  if not state then return nil, err end
  self:_count(failure and "shared_failure" or "wait", begun, failure)
  local ok
  ok, err = Customer.adopt(customer, state)
  if not ok then return nil, err end
  if failure then return nil, failure end
  return true
end

-- The same, by one coroutine of this worker for all that want the same customer's token.
function Store:_regenerate_once(customer, give_up)
  local name = customer._name
  if not self._regenerating[name] then
    self._regenerating[name] = true
    local caught, ok, err = pcall(self._regenerate, self, customer, give_up)
    self._regenerating[name] = nil
    if not caught then error(ok, 0) end
    return ok, err
  end
  while self._regenerating[name] do
    if self._gettime() > give_up then
      return nil, errors.of_code(core.E_DEADLINE, "other workers held the lock of this customer all the time")
    end
    self._sleep(POLL)
  end
  local state, err = self:_read(name)
  if state then state, err = self:_state(state, protocol.gone) end
  if not state then return nil, err end
  return Customer.adopt(customer, state)
end

function Store:_regenerate_until(customer, suffices)
  local give_up = self._gettime() + self._client:timeout()
  while true do
    local ok, err = self:_regenerate_once(customer, give_up)
    if suffices() then return true end
    if not ok then return nil, err end
    if not Customer.has_token_to_regenerate(customer) then return true end
    if self._gettime() > give_up then
      return nil, errors.of_code(core.E_DEADLINE, "other workers held the lock of this customer all the time")
    end
  end
end

-- Seconds that the token is still valid, by Redis's clock and the service's; our own may be wrong.
function Store:_seconds_left(customer)
  local state = customer._state
  local left = state.expires > 0 and (state.expires - math.max(self:_now(), state.stored)) / 1e6 or math.huge
  return math.min(left, customer:expires_in() or math.huge)
end

function Store:_ensure_valid(customer, margin)
  if not Customer.has_token_to_regenerate(customer) then return true end
  local begun = self._gettime()
  local state, wanted = customer._state, margin or self._client:refresh_margin()
  if state.expires > 0 then wanted = math.min(wanted, (state.expires - state.stored) / 1e6 * MARGIN_SHARE) end
  if self:_seconds_left(customer) > wanted then
    self:_count("hit", begun)
    return true
  end
  local fence = state.fence
  local ok, err = self:_regenerate_until(customer, function()
    return customer._state.fence ~= fence and self:_seconds_left(customer) > 0
  end)
  if ok then return true end
  local will_do = not margin and Customer.has_token_to_regenerate(customer) and self:_seconds_left(customer) > 0
  if will_do then return true end
  return nil, err
end

---@class capauth.redis
local redis = { new = new }

return redis
