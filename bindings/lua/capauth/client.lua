-- SPDX-License-Identifier: Apache-2.0
-- Configuration and connections, shared by the sessions made from it.
local core = require "capauth.core"
local Call = require "capauth.call"
local errors = require "capauth.errors"
local events = require "capauth.events"
local queue = require "capauth.queue"
local Session = require "capauth.session"
local Task = require "capauth.task"
local values = require "capauth.values"

local Client = { class = "capauth.Client" }
local methods = {}
local meta = { __index = methods, __metatable = Client.class }

local settings = {
  { "cluster", "text", "client_set_cluster" },
  { "base_url", "text", "client_set_base_url" },
  { "gateway_url", "text", "client_set_gateway_url" },
  { "timeout", "milliseconds", "client_set_timeout_ms" },
  { "connect_timeout", "milliseconds", "client_set_connect_timeout_ms" },
  { "max_retries", "integer", "client_set_max_retries" },
  { "max_connections", "integer", "client_set_max_connections" },
  { "http2", "flag", "client_set_http2" },
  { "ca_file", "text", "client_set_ca_file" },
  { "ca_pem", "text", "client_set_ca_pem" },
  { "tls_min", "text", "client_set_tls_min" },
  { "pinned_keys", "text", "client_set_pinned_keys" },
  { "client_cert", "text", "client_set_client_cert" },
  { "client_key", "text", "client_set_client_key" },
  { "proxy", "text", "client_set_proxy" },
  { "user_agent", "text", "client_set_user_agent" },
  { "headers", "pairs_of_text", "client_add_header" },
  { "refresh_margin", "milliseconds", "client_set_refresh_margin_ms" },
  { "auto_refresh", "flag", "client_set_auto_refresh" },
  { "allow_http", "flag", "client_set_allow_http" },
  { "clock_offset", "timestamp", "client_set_clock_offset_ms" },
  { "cap_mobile", "flag", "client_set_cap_mobile" },
}
local known = values.names(settings, { "log", "trace" })

local function complaint(handle)
  local _, text = core.client_copy_error_message(handle)
  return text
end

local function failed(self, code, what)
  return nil, errors.of_code(code, ("%s: %s"):format(what, complaint(self._handle)))
end

local function handle_of(self) return values.object(self, Client.class) end

-- Beside the core's handle: what the core told and nobody heard yet; the calls in flight by identity; those that
-- finished and were not asked for, those that were refused since the last poll, those whose callback is due; the tasks
-- that can go on, and until when others wait; the sessions with an on_change.
local function new(handle, given)
  return setmetatable({
    _handle = handle,
    _log = given.log,
    _trace = given.trace,
    _events = core.events_new(),
    _in_flight = {},
    _done = queue.new "v",
    _refused = {},
    _callbacks = queue.new(),
    _ready = queue.new(),
    _timers = {},
    _watched = setmetatable({}, { __mode = "v" }),
  }, meta)
end

-- capauth.Client { cluster = "EU", ... }
function Client.new(given)
  given = values.options(given, known, "Client")
  for _, name in ipairs { "log", "trace" } do
    if given[name] ~= nil then values.check(given[name], "function", name, "Client") end
  end
  if (given.cluster == nil) == (given.base_url == nil) then
    return nil, errors.invalid("cluster", "Client: a cluster or a base_url is needed, and not both")
  end
  local code, handle = core.client_new()
  if code ~= 0 then return nil, errors.of_code(code) end
  local ok, err = values.apply(settings, given, handle, complaint, "Client")
  if not ok then return nil, err end
  local self = new(handle, given)
  if self._log then code = core.client_set_log(handle, self._events) end
  if self._trace and code == 0 then code = core.client_set_trace(handle, self._events) end
  if code ~= 0 then return failed(self, code, "Client") end
  return self
end

function meta.__tostring() return Client.class end
function meta.__close(self) self:close() end

-- ---- Sessions ------------------------------------------------------------------------------------------------------

-- client:session { brand = "DocDemo", mobile = "919999999993", device_id = "device-1" }
function methods:session(given)
  handle_of(self)
  return Session.new(self, given)
end

-- From what session:export() gave.
function methods:restore(text)
  local handle = handle_of(self)
  local ok, err = values.text(text, "text", "restore")
  if not ok then return nil, err end
  local code, session = core.session_restore(handle, text)
  if code ~= 0 then return failed(self, code, "restore") end
  return Session.wrap(self, session)
end

-- The brand's OpenID provider signed the customer in: gateway calls are all there is.
function methods:external_session(brand, access_token, id_token)
  local handle = handle_of(self)
  local names = { "brand", "access_token", "id_token" }
  local ok, err = values.texts({ brand, access_token, id_token }, names, "external_session")
  if not ok then return nil, err end
  local code, session = core.session_external_new(handle, brand, access_token, id_token)
  if code ~= 0 then return failed(self, code, "external_session") end
  return Session.wrap(self, session)
end

-- ---- Waiting -------------------------------------------------------------------------------------------------------

-- How long the core may wait now, in slices so that Ctrl-C is noticed.
local function slice_of(self, deadline)
  local nearest = Task.expire(self)
  if not queue.is_empty(self._ready) then return 0 end
  local left = deadline and math.max(0, deadline - core.now_ms()) or Call.SLICE_MS
  return math.min(Call.SLICE_MS, left, nearest or left)
end

local function poll_until(self, deadline)
  local finished
  repeat
    finished = core.client_poll(self._handle, slice_of(self, deadline))
    Call.settle(self)
    local over = deadline and core.now_ms() >= deadline
  until finished ~= 0 or over or not queue.is_empty(self._ready) or self._closed
  return finished
end

-- Calls that were done when they were made: the core does not count them.
local function take_refused(self)
  local count = 0
  for _, call in ipairs(self._refused) do
    if not call._taken then count = count + 1 end
  end
  self._refused = {}
  return count
end

-- Lets calls move on, then resumes spawned coroutines. Waits until a call finishes, at most `seconds`: nothing or 0
-- does what can be done now, a negative number waits without limit. Gives how many calls finished.
function methods:poll(seconds)
  handle_of(self)
  local deadline = values.deadline(seconds or 0, "poll")
  if events.in_callback(self) then return nil, errors.of_code(core.E_REENTRANT) end
  local refused = take_refused(self)
  local finished = poll_until(self, refused > 0 and core.now_ms() or deadline)
  Task.run_ready(self)
  if finished < 0 then return nil, errors.of_code(finished) end
  if finished == 0 and self._closed then return nil, errors.of_code(core.E_CLOSED) end
  return finished + refused
end

-- A descriptor to watch for reading in an event loop of your own; then call poll(0).
function methods:fd()
  local fd = core.client_fd(handle_of(self))
  if fd < 0 then return nil, errors.of_code(fd) end
  return fd
end

-- A call that finished and was neither waited for nor handed out before, also one that was refused at once; nil when
-- there is none. Calls with a callback are not among them.
function methods:next_done()
  handle_of(self)
  if not events.in_callback(self) then Call.settle(self) end
  return queue.take(self._done, Call.take)
end

-- Runs fn(...) as a coroutine in which operations yield; poll() resumes it.
function methods:spawn(fn, ...)
  handle_of(self)
  values.check(fn, "function", "fn", "spawn")
  return Task.spawn(self, fn, ...)
end

-- Loads the CA store and connects, now, where a stall is welcome.
function methods:start_prepare(callback)
  local handle = handle_of(self)
  if callback ~= nil then values.check(callback, "function", "the callback", "start_prepare") end
  local fields = { _client = self, _operation = "prepare", _value = function() return true end, _callback = callback }
  local code, call = core.client_start_prepare(handle)
  if not call then return Call.refused(fields, errors.of_code(code)) end
  return Call.new(fields, call)
end

-- The same, waited for; in a spawned function it yields.
function methods:prepare()
  handle_of(self)
  local ok, err = Call.may_wait(self, "prepare")
  if not ok then return nil, err end
  return self:start_prepare():wait()
end

-- What stands now, in seconds.
function methods:timeout() return core.client_timeout_ms(handle_of(self)) / 1000 end
function methods:refresh_margin() return core.client_refresh_margin_ms(handle_of(self)) / 1000 end

-- Cancels what is in flight; coroutines that waited for it go on with CANCELLED. Getters and export still work.
function methods:close()
  local code = core.client_close(handle_of(self))
  self._closed = true
  Call.settle(self)
  Task.run_ready(self)
  if code ~= 0 then return failed(self, code, "close") end
  return true
end

return Client
