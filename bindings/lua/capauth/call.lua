-- SPDX-License-Identifier: Apache-2.0
-- One operation in flight, then its result; and the coroutines that wait for such.
local core = require "capauth.core"
local errors = require "capauth.errors"
local events = require "capauth.events"
local values = require "capauth.values"

local Call = { class = "capauth.Call" }
local Task = { class = "capauth.Task" }
local methods, task_methods = {}, {}

-- How long the core may keep Lua from noticing Ctrl-C, whose hook runs only between Lua's own instructions.
local SLICE_MS = 200

local pack = table.pack or function(...) return { n = select("#", ...), ... } end
local unpack = table.unpack or unpack

-- Coroutine: the Task that runs in it. Coroutines that are not in here are never yielded from.
local task_of = setmetatable({}, { __mode = "k" })

local function running_task()
  local thread = coroutine.running()
  return thread and task_of[thread]
end

-- Lets the client's other business move on after the core was left: tells the application what is new, and finds the
-- calls that finished.
function Call.settle(client)
  events.deliver(client)
  local found, id = core.client_next_done(client._handle)
  while found == 1 do
    local call = client._in_flight[id]
    if call then call:_finished() end
    found, id = core.client_next_done(client._handle)
  end
end

-- ---- Call ----------------------------------------------------------------------------------------------------------

local meta = { __index = methods, __metatable = Call.class }

function meta.__tostring(self)
  local state = self:done() and "done" or "in flight"
  return ("%s(%s, %s)"):format(Call.class, self._operation, state)
end

function meta.__close(self) self:cancel() end

-- `value` makes the result of a success. A call in flight is kept alive by its client, so that starting one and
-- forgetting it does not cancel it whenever the garbage is collected.
function Call.new(client, session, operation, handle, value)
  local self = setmetatable({
    _client = client, _session = session, _operation = operation, _handle = handle, _value = value, _waiters = {},
  }, meta)
  if core.call_done(handle) == 0 then client._in_flight[core.call_id(handle)] = self end
  return self
end

-- What was refused before the core was asked.
function Call.refused(client, operation, err)
  err.operation = err.operation or operation
  return setmetatable({ _client = client, _operation = operation, _handle = false, _outcome = pack(nil, err) }, meta)
end

local function own(self)
  if type(self) ~= "table" or getmetatable(self) ~= Call.class then
    values.misuse(Call.class .. " expected, got " .. type(self) .. " (call methods with a colon)")
  end
  return self._handle
end

function methods:_finished()
  local client = self._client
  local id = core.call_id(self._handle)
  if client._in_flight[id] ~= self then return end
  client._in_flight[id] = nil
  for _, task in ipairs(self._waiters) do client._ready[#client._ready + 1] = task end
  if #self._waiters == 0 then
    client._done_last = client._done_last + 1
    client._done[client._done_last] = self
  end
  self._waiters = {}
end

function methods:done()
  local handle = own(self)
  return not handle or core.call_done(handle) == 1
end

-- true, a token or a reply; or nil and an error (PENDING while it is in flight). The same each time.
function methods:result()
  local handle = own(self)
  if not self._outcome then
    local code = core.call_result(handle)
    if code == core.E_PENDING then return nil, errors.of_call(handle, code) end
    if code == 0 then
      self._outcome = pack(self._value(self))
    else
      self._outcome = pack(nil, errors.of_call(handle, code))
    end
  end
  return unpack(self._outcome, 1, self._outcome.n)
end

function methods:cancel()
  local handle = own(self)
  if handle then core.call_cancel(handle) end
  return true
end

local function wait_here(self, limit_ms)
  local client = self._client
  if client._delivering then return nil, errors.of_code(core.E_REENTRANT) end
  local code
  repeat
    local slice = limit_ms < 0 and SLICE_MS or math.min(SLICE_MS, limit_ms)
    code = core.call_wait(self._handle, slice)
    limit_ms = limit_ms < 0 and -1 or limit_ms - slice
    if code ~= core.E_PENDING then self:_collected() end
    Call.settle(client)
  until code ~= core.E_PENDING or limit_ms == 0
  return self:result()
end

-- Who waits for a call gets it here, so next_done shall not hand it out again.
function methods:_collected()
  self._client._in_flight[core.call_id(self._handle)] = nil
  for _, task in ipairs(self._waiters) do self._client._ready[#self._client._ready + 1] = task end
  self._waiters = {}
end

-- The result once it is there; PENDING after `seconds`. In a spawned coroutine, waiting without a limit yields.
function methods:wait(seconds)
  own(self)
  local limit = seconds == nil and -1 or values.milliseconds(seconds, "seconds")
  if self:done() then
    if self._handle then self:_collected() end
    return self:result()
  end
  if limit < 0 and running_task() then return Call.await(self) end
  return wait_here(self, limit)
end

-- Whether an operation may wait now. Asked before it starts, so that nothing is sent when it may not.
function Call.may_wait(client)
  if client._delivering and not running_task() then return nil, errors.of_code(core.E_REENTRANT) end
  return true
end

-- For a scheduler of your own. In a coroutine it yields the call until that is done; `wait_readable(fd)`, if given,
-- is asked to wait instead, as the host does such things. Outside of coroutines it waits here.
function Call.await(call, wait_readable)
  own(call)
  if wait_readable ~= nil then values.check(wait_readable, "function", "wait_readable") end
  local thread, is_main = coroutine.running()
  while not call:done() do
    if wait_readable then
      wait_readable(core.client_fd(call._client._handle))
      call._client:poll(0)
    elseif thread and not is_main then
      coroutine.yield(call)
    else
      return wait_here(call, -1)
    end
  end
  return call:result()
end

-- ---- Task ----------------------------------------------------------------------------------------------------------

local task_meta = { __index = task_methods, __metatable = Task.class }

function task_meta.__tostring(self)
  return ("%s(%s)"):format(Task.class, self._outcome and "done" or "running")
end

local function step(task, ok, ...)
  if not ok then
    task._outcome = pack(nil, (...))
    events.report("a spawned function", task._thread, (...))
  elseif coroutine.status(task._thread) == "dead" then
    task._outcome = pack(...)
  else
    local call = ...
    local waits = type(call) == "table" and getmetatable(call) == Call.class and not call:done()
    -- A bare yield means: go on with the next poll.
    local queue = waits and call._waiters or task._client._ready
    queue[#queue + 1] = task
  end
end

local function resume(task, ...)
  step(task, coroutine.resume(task._thread, ...))
end

-- Runs until its first wait at once, the rest from client:poll().
function Call.spawn(client, fn, ...)
  local task = setmetatable({ _handle = true, _client = client, _thread = coroutine.create(fn) }, task_meta)
  task_of[task._thread] = task
  resume(task, ...)
  return task
end

-- Each of those that can go on now; what they make ready in turn waits for the next poll.
function Call.run_ready(client)
  local ready = client._ready
  client._ready = {}
  for _, task in ipairs(ready) do resume(task) end
end

function task_methods:done()
  values.object(self, Task.class)
  return self._outcome ~= nil
end

-- What the function returned; nil and its error if it failed; nil and PENDING while it runs.
function task_methods:result()
  values.object(self, Task.class)
  if not self._outcome then return nil, errors.of_code(core.E_PENDING) end
  return unpack(self._outcome, 1, self._outcome.n)
end

Call.SLICE_MS = SLICE_MS
return Call
