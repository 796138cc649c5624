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

local settings = require("capauth.option_table").client
local known = values.names(settings, { "log", "log_level", "trace" })
local levels = {}
for number, name in pairs(require("capauth.enum_table").log) do levels[name] = number end

local function error_message(handle)
  local _, text = core.client_copy_error_message(handle)
  return text
end

-- `argument` is the one that is wrong, if one is; nil: the core's message begins with it.
local function failed(self, code, what, argument)
  local message = error_message(self[1])
  return nil, errors.of_code(code, ("%s: %s"):format(what, message), argument or message:match "^[%l_]+")
end

local function handle_of(self) return values.object(self, Client.class) end

local function new(handle, options)
  return setmetatable({
    handle,
    _log = options.log,
    _trace = options.trace,
    _events = core.events_new(), -- what the core told, not delivered yet
    _listens = (options.log or options.trace) ~= nil, -- whether the core has ever been asked to tell anything
    _in_flight = {}, -- calls by identity
    _done = queue.new "v", -- calls for next_done
    _refused = {}, -- calls that were done at once, since the last poll
    _callbacks = queue.new(), -- calls whose callback is due
    _ready = queue.new(), -- tasks that can go on
    _timers = {}, -- until when tasks wait
    _watched = setmetatable({}, { __mode = "v" }), -- sessions with an on_change, by identity
  }, meta)
end

-- Has the core tell what somebody listens to. Gives its code.
local function listen(self, handle, level)
  local code = 0
  if self._log then code = core.client_set_log(handle, self._events) end
  if self._trace and code == 0 then code = core.client_set_trace(handle, self._events) end
  if level and code == 0 then code = core.client_set_log_level(handle, level) end
  return code
end

-- The number of a level, nil for none; or false for a name that there is not.
local function level_of(name)
  if name == nil then return nil end
  return levels[values.check(name, "string", "log_level", "Client")] or false
end

-- capauth.Client { cluster = "EU", ... }
function Client.new(options)
  options = values.options(options, known, "Client")
  for _, name in ipairs { "log", "trace" } do
    if options[name] ~= nil then values.check(options[name], "function", name, "Client") end
  end
  if (options.cluster == nil) == (options.base_url == nil) then
    return nil, errors.invalid("cluster", "Client: give either cluster or base_url")
  end
  local level = level_of(options.log_level)
  if level == false then
    return nil, errors.invalid("log_level", "Client: log_level must be 'error', 'warning', 'info' or 'debug'")
  end
  local code, handle = core.client_new()
  if code ~= 0 then return nil, errors.of_code(code) end
  local ok, err = values.apply(settings, options, handle, error_message, "Client")
  if not ok then return nil, err end
  local self = new(handle, options)
  if not self._events then return nil, errors.of_code(core.E_NO_MEMORY) end
  code = listen(self, handle, level)
  if code ~= 0 then return failed(self, code, "Client") end
  return self
end

function meta.__tostring() return Client.class end
function meta.__close(self) self:close() end

-- ---- Sessions ------------------------------------------------------------------------------------------------------

-- client:session { brand = "DocDemo", mobile = "919999999993", device_id = "device-1" }
function methods:session(options)
  handle_of(self)
  return Session.new(self, options)
end

-- The session of a text that session:export() gave.
function methods:restore(text)
  local handle = handle_of(self)
  local ok, err = values.text(text, "text", "restore")
  if not ok then return nil, err end
  local code, session = core.session_restore(handle, text)
  if code ~= 0 then return failed(self, code, "restore", "text") end
  return Session.wrap(self, session)
end

-- Of a customer whom the brand's OpenID provider signed in. Gateway calls are its only operations.
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

-- Milliseconds that the core may wait now; short, so that Ctrl-C is noticed.
local function slice_of(self, deadline)
  local nearest = Task.expire(self)
  if deadline == 0 or not queue.is_empty(self._ready) then return 0 end
  local left = deadline and math.max(0, deadline - core.now_ms()) or Call.SLICE_MS
  return math.min(Call.SLICE_MS, left, nearest or left)
end

local function poll_until(self, deadline)
  local finished
  repeat
    finished = core.client_poll(self[1], slice_of(self, deadline))
    Call.deliver(self)
    local over = deadline and (deadline == 0 or core.now_ms() >= deadline)
  until finished ~= 0 or over or not queue.is_empty(self._ready) or self._closed
  return finished
end

-- Calls that were done when they were made: the core does not count them.
local function take_refused(self)
  if #self._refused == 0 then return 0 end
  local count = 0
  for _, call in ipairs(self._refused) do
    if not call._taken then count = count + 1 end
  end
  self._refused = {}
  return count
end

-- Lets calls move on, then resumes spawned functions. Waits until a call finishes, at most `seconds`: 0, the default,
-- does what can be done now; a negative number waits without limit. Gives how many calls finished.
function methods:poll(seconds)
  handle_of(self)
  local deadline = values.deadline(seconds or 0, "poll")
  if events.in_callback(self) then return nil, errors.of_code(core.E_REENTRANT) end
  local refused = take_refused(self)
  local finished = poll_until(self, refused > 0 and 0 or deadline)
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

-- A call that finished, each only once, also one that was refused at once; nil when there is none. Calls that somebody
-- waits for, and those with a callback, are not among them.
function methods:next_done()
  handle_of(self)
  if not events.in_callback(self) then Call.deliver(self) end
  return queue.take(self._done, Call.take)
end

-- Runs fn(...) as a coroutine in which operations yield; poll() resumes it.
function methods:spawn(fn, ...)
  handle_of(self)
  values.check(fn, "function", "fn", "spawn")
  return Task.spawn(self, fn, ...)
end

local PREPARE = { name = "prepare" }

-- Loads the CA store and connects now, so that the first operation need not.
function methods:start_prepare(callback)
  local handle = handle_of(self)
  if callback ~= nil then values.check(callback, "function", "the callback", "start_prepare") end
  local code, call = core.client_start_prepare(handle)
  local err = not call and errors.of_operation(errors.of_code(code), PREPARE.name)
  return Call.of_client(self, PREPARE, callback, call, err)
end

-- The same, waited for; in a spawned function it yields.
function methods:prepare()
  handle_of(self)
  local way, err = Call.way_to_wait(self, "prepare")
  if not way then return nil, err end
  return self:start_prepare():wait()
end

-- What is in force, in seconds.
function methods:timeout() return core.client_timeout_ms(handle_of(self)) / 1000 end
function methods:refresh_margin() return core.client_refresh_margin_ms(handle_of(self)) / 1000 end

-- Cancels what is in flight; spawned functions that waited for it go on with CANCELLED. Getters and export still work.
function methods:close()
  local code = core.client_close(handle_of(self))
  self._closed = true
  Call.deliver(self)
  Task.run_ready(self)
  if code ~= 0 then return failed(self, code, "close") end
  return true
end

return Client
