-- SPDX-License-Identifier: Apache-2.0
-- One operation in flight, then its result.
local core = require "capauth.core"
local errors = require "capauth.errors"
local events = require "capauth.events"
local queue = require "capauth.queue"
local Task = require "capauth.task"
local values = require "capauth.values"

local Call = { class = "capauth.Call" }
local methods = {}
local meta = { __index = methods, __metatable = Call.class }

-- The longest single wait in the core: Ctrl-C is noticed only between Lua's own instructions.
local SLICE_MS = 200
local PENDING = core.E_PENDING

local pack = table.pack or function(...) return { n = select("#", ...), ... } end
local unpack = table.unpack or unpack

-- ---- Making, finishing ---------------------------------------------------------------------------------------------

-- It is done: the tasks that wait for it go on, its callback is due, and if it has neither, next_done gives it.
local function finish(call)
  local client = call._client
  if call._callback then
    queue.push(client._callbacks, call)
  elseif not call._taken and not call._waiters then
    queue.push(client._done, call)
  end
  Task.wake(call)
  if call._id then client._in_flight[call._id] = nil end
end

-- A call that was done when it was made: the next poll counts it.
local function finish_at_once(call)
  finish(call)
  table.insert(call._client._refused, call)
  return call
end

-- Makes a call of the core's; without one, of `err`, why there is none. `operation` has its name and, where a success
-- is not true, what it is. The client keeps a call in flight alive: else one that was started and not kept would be
-- cancelled when the garbage is collected.
function Call.of_client(client, operation, callback, handle, err)
  local call = setmetatable({
    handle or false,
    _client = client, _session = false, _operation = operation.name, _success = operation.result, _callback = callback,
    _id = handle and core.call_id(handle), _outcome = err and pack(nil, err) or false, _taken = false,
  }, meta)
  if handle and not core.call_done(handle) then
    client._in_flight[call._id] = call
    return call
  end
  return finish_at_once(call)
end

function Call.new(session, operation, callback, handle, err)
  local call = Call.of_client(session._client, operation, callback, handle, err)
  call._session = session
  return call
end

-- Finds the calls that finished. The core names each once; if an error cut the last search short, it looks at all.
function Call.find_finished(client)
  if client._look_at_all then
    local calls = {}
    for _, call in pairs(client._in_flight) do calls[#calls + 1] = call end
    for _, call in ipairs(calls) do
      if call:done() then finish(call) end
    end
  end
  client._look_at_all = true
  local found, id = core.client_next_done(client[1])
  while found == 1 do
    local call = client._in_flight[id]
    if call then finish(call) end
    found, id = core.client_next_done(client[1])
  end
  client._look_at_all = false
end

-- To be called whenever the core was left: finds what finished, then runs the application's functions.
function Call.deliver(client)
  Call.find_finished(client)
  events.deliver(client)
end

-- ---- Results -------------------------------------------------------------------------------------------------------

local function is_done(call)
  local handle = call[1]
  return not handle or core.call_done(handle)
end

-- What came of a call of the core's that has ended so.
local function outcome_of(handle, code, success, session)
  if code ~= 0 then return nil, errors.of_call(handle, code) end
  if success then return success(handle, session) end
  return true
end

local function result_of(call)
  if not call._outcome then
    local code = core.call_result(call[1])
    if code == core.E_PENDING then return nil, errors.of_call(call[1], code) end
    call._outcome = pack(outcome_of(call[1], code, call._success, call._session))
  end
  return unpack(call._outcome, 1, call._outcome.n)
end

-- The result for one who waited for the call, so that next_done does not give it again.
local function collect(call)
  call._taken = true
  if call._id and call._client._in_flight[call._id] == call then finish(call) end
  return result_of(call)
end

-- ---- Methods -------------------------------------------------------------------------------------------------------

function meta.__tostring(self)
  local state = is_done(self) and "done" or "in flight"
  return ("%s(%s, %s)"):format(Call.class, self._operation, state)
end

function meta.__close(self) self:cancel() end

local function own(self)
  if type(self) ~= "table" or getmetatable(self) ~= Call.class then
    values.misuse(Call.class .. " expected, got " .. type(self) .. " (call methods with a colon)")
  end
  return self[1]
end

function methods:done()
  own(self)
  return is_done(self)
end

-- true, a token or a reply; or nil and an error (PENDING while it is in flight). The same each time.
function methods:result()
  own(self)
  return result_of(self)
end

function methods:cancel()
  local handle = own(self)
  if handle then core.call_cancel(handle) end
  return true
end

local function wait_here(self, deadline)
  local client = self._client
  if events.in_callback(client) then return nil, errors.of_code(core.E_REENTRANT) end
  repeat
    local left = deadline and math.max(0, deadline - core.now_ms())
    core.call_wait(self[1], left and math.min(SLICE_MS, left) or SLICE_MS)
    self._taken = is_done(self)
    Call.deliver(client)
  until self._taken or left == 0
  if self._taken then return collect(self) end
  return result_of(self)
end

-- The result once it is there; PENDING after `seconds`. In a spawned function it yields.
function methods:wait(seconds)
  own(self)
  local deadline = values.deadline(seconds, "wait")
  if is_done(self) then return collect(self) end
  if not Task.running() then return wait_here(self, deadline) end
  Task.wait_for(self, deadline)
  if is_done(self) then return collect(self) end
  return result_of(self)
end

-- Waits for a call of the core's of which nobody else knows, so that it takes no object. Without one there is `err`.
local function wait_at_once(session, operation, handle, err)
  if not handle then return nil, err end
  local client, code = session._client
  repeat
    code = core.call_wait(handle, SLICE_MS)
    if next(client._in_flight) ~= nil then Call.find_finished(client) end
    if client._listens or not queue.is_empty(client._callbacks) then events.deliver(client) end
  until code ~= PENDING
  return outcome_of(handle, code, operation.result, session)
end

-- In a spawned function.
local function wait_in_task(session, operation, handle, err)
  return Call.new(session, operation, nil, handle, err):wait()
end

-- How an operation is to wait now: a function of its session, the operation, and what start gave; or nil and an error.
-- Asked before it starts, so that nothing is sent when it may not.
function Call.way_to_wait(client, what)
  if Task.running() then
    Task.check_may_yield(what)
    return wait_in_task
  end
  if events.in_callback(client) then return nil, errors.of_code(core.E_REENTRANT) end
  return wait_at_once
end

-- For next_done: whether nobody has had this call yet.
function Call.take(call)
  if call._taken then return false end
  call._taken = true
  return true
end

-- ---- A scheduler of your own ---------------------------------------------------------------------------------------

-- Lets the host wait until the client's descriptor is readable.
local function wait_in_host(call, wait_readable)
  local client = call._client
  while not call:done() do
    local fd = core.client_fd(client[1])
    if fd < 0 then return nil, errors.of_code(fd) end
    wait_readable(fd)
    local finished, err = client:poll(0)
    if not finished and not call:done() then return nil, err end
  end
  return collect(call)
end

-- In a coroutine it yields the call until that is done, and polls each time it is resumed, so a host only has to do
-- that. With `wait_readable(fd)`, the host's way to wait for a descriptor, it calls that instead. Outside of coroutines
-- it waits here.
function Call.await(call, wait_readable)
  own(call)
  if wait_readable ~= nil then values.check(wait_readable, "function", "wait_readable", "await") end
  if Task.running() or call:done() then return call:wait() end
  if events.in_callback(call._client) then return nil, errors.of_code(core.E_REENTRANT) end
  local thread, is_main = coroutine.running()
  if wait_readable then return wait_in_host(call, wait_readable) end
  if not thread or is_main then return wait_here(call) end
  while not call:done() do
    coroutine.yield(call)
    call._client:poll(0)
  end
  return collect(call)
end

Call.SLICE_MS = SLICE_MS
return Call
