-- SPDX-License-Identifier: Apache-2.0
-- A customer of a store of capauth.redis: a session whose operations run under the customer's lock, and are stored when
-- they return. What else a session has is the session's.
local core = require "capauth.core"
local errors = require "capauth.errors"
local protocol = require "capauth.redis_protocol"
local values = require "capauth.values"

local FOR_EVER = 2147483 -- seconds, the longest pause

local Customer = {}
local methods = {}
local meta = { __metatable = "capauth.redis.Customer" }

local refused = { reload = true, pause_refresh = true, on_change = true }

function meta.__index(self, name)
  local method = methods[name]
  if method then return method end
  if type(name) ~= "string" then return nil end
  if refused[name] or name:find "^start_" then
    return function()
      return nil, errors.of_code(core.E_UNSUPPORTED, ("a stored customer has no %s"):format(name))
    end
  end
  local session = rawget(self, "_session")
  local own = session[name]
  if type(own) ~= "function" then return own end
  return function(_, ...) return own(session, ...) end
end

function meta.__tostring(self)
  return ("capauth.redis.Customer(%s, next step %s)"):format(self:brand(), self:next_step())
end

function meta.__close(self) self:close() end

function Customer.new(store, session, name, state)
  local self = setmetatable({ _store = store, _session = session, _name = name, _state = state }, meta)
  state.name = name
  session:pause_refresh(FOR_EVER) -- the store regenerates
  return self
end

-- The name and the fence that a customer was stored with; nil for a session of the caller's own.
function Customer.saved(session)
  return getmetatable(session) == meta.__metatable and rawget(session, "_state") or nil
end

function Customer.has_token_to_regenerate(self)
  return self:signed_in() and self:flow() ~= "external"
end

-- Takes over the stored state.
function Customer.adopt(self, state)
  if state.fence == self._state.fence then return true end
  local ok, err = self._session:reload(state.text)
  if not ok then
    if not self._store._client:restore(state.text) then return nil, err end
    return nil, protocol.failure("stale", "another customer is stored under this key now")
  end
  self._session:pause_refresh(FOR_EVER)
  state.name = self._name
  self._state = state
  return true
end

function methods:export() return self._state.text end

-- A copy, because they are changed before the session sees them; so what is looked at here is checked here.
local function options_of(given, what)
  local options = {}
  for name, value in pairs(values.check(given or {}, "table", "the options", what)) do options[name] = value end
  for _, name in ipairs { "timeout", "margin" } do
    if options[name] ~= nil then values.check(options[name], "number", name, what) end
  end
  return options
end

local function locked(self, operation, count, ...)
  local store, arguments = self._store, { ... }
  local options = options_of(arguments[count + 1], operation)
  arguments[count + 1] = options
  local give_up = store._gettime() + (options.timeout or store._client:timeout())
  local lock, err = store:_lock(self._name, "", give_up)
  if lock and lock.outcome ~= "locked" then lock, err = store:_state(lock, protocol.gone) end
  if not lock then return nil, err end
  local done
  done, err = store:_run_locked(self._name, lock, operation, arguments, false)
  if not done then return nil, err end
  local ok
  ok, err = Customer.adopt(self, done.state)
  if not ok then return nil, err end
  if done.results[2] == nil and done.changed and not done.stored then
    return nil, protocol.failure("stale", "another worker has stored a newer state of this customer")
  end
  return done.results[1], done.results[2]
end

-- Those that get a token, or use one, are written below.
for _, row in ipairs(require "capauth.operation_table") do
  methods[row.method] = function(self, ...) return locked(self, row.method, #row.arguments, ...) end
end

-- Gets another token than the one that was refused.
local function replace(self, token)
  if self:token() ~= token then return true end
  return self._store:_regenerate_until(self, function()
    local now = self:token()
    return now ~= nil and now ~= token
  end)
end

-- Gets a fresh token, or the one that another worker is just getting.
function methods:regenerate_token() return replace(self, self:token()) end

-- Gives a token that is valid for options.margin more seconds.
function methods:ensure_token(options)
  options = options_of(values.options(options, { margin = true }, "ensure_token"), "ensure_token")
  if not self:signed_in() then return self._session:ensure_token(options) end
  local ok, err = self._store:_ensure_valid(self, options.margin)
  if not ok then return nil, err end
  if not self:signed_in() then return self._session:ensure_token() end
  return self:token()
end

function methods:gateway(method, endpoint, given)
  local options = options_of(given, "gateway")
  local margin = options.margin
  options.margin = 0
  for attempt = 1, 2 do
    local ok, err = self._store:_ensure_valid(self, margin)
    if not ok then return nil, err end
    local token = self:token()
    local reply
    reply, err = self._session:gateway(method, endpoint, options)
    local expired = not reply and err.kind == "token_expired"
    if not expired or attempt == 2 or not Customer.has_token_to_regenerate(self) then return reply, err end
    local replaced, why = replace(self, token)
    if not replaced then return nil, why end
    if err.http_status ~= 0 and method ~= "GET" and not options.repeatable then
      err.retryable = true -- there is a fresh token now; sending again is the caller's to decide
      return nil, err
    end
  end
end

return Customer
