-- SPDX-License-Identifier: Apache-2.0
-- Coroutines in which operations yield. They wait for calls and for each other: what can be waited for has `done()`,
-- `_client`, and `_waiters`, the tasks that wait for it, if any. A task may be woken too early, or twice, and then
-- waits again.
local core = require "capauth.core"
local errors = require "capauth.errors"
local events = require "capauth.events"
local queue = require "capauth.queue"
local values = require "capauth.values"

local Task = { class = "capauth.Task" }
local methods = {}
local meta = { __index = methods, __metatable = Task.class }

local pack = table.pack or function(...) return { n = select("#", ...), ... } end
local unpack = table.unpack or unpack

-- The task of each coroutine; a coroutine that is not in here is never yielded from. Weak in both: the task holds the
-- coroutine, and in 5.1 and LuaJIT a value that holds its own key is never collected.
local task_of = setmetatable({}, { __mode = "kv" })

-- Yielded to find out whether it is possible.
local MAY_YIELD = {}

function Task.running()
  local thread = coroutine.running()
  return thread and task_of[thread]
end

-- To be called before an operation sends anything that its task would wait for. Where Lua cannot tell, the yield itself
-- raises.
function Task.check_may_yield(what)
  if not coroutine.isyieldable then return coroutine.yield(MAY_YIELD) end
  if coroutine.isyieldable() then return end
  values.misuse(what .. ": cannot yield here, across a C function; nothing was sent")
end

-- In a task: yields until it is done, or until the deadline.
function Task.wait_for(waitable, deadline)
  repeat
    coroutine.yield(waitable, deadline)
  until waitable:done() or deadline and core.now_ms() >= deadline
  local task, waiters = Task.running(), waitable._waiters
  for i = waiters and #waiters or 0, 1, -1 do
    if waiters[i] == task then table.remove(waiters, i) end
  end
end

-- The tasks that wait for it go on with the next poll.
function Task.wake(waitable)
  local waiters = waitable._waiters
  if not waiters then return end
  for _, task in ipairs(waiters) do queue.push(waitable._client._ready, task) end
  waitable._waiters = nil
end

local waitable = { ["capauth.Call"] = true, [Task.class] = true }

local function sleep(task, what, deadline)
  local client = task._client
  if type(what) ~= "table" or not waitable[getmetatable(what)] or what:done() then
    return queue.push(client._ready, task) -- a bare yield means: go on with the next poll
  end
  task._waits_for = what
  what._waiters = what._waiters or {}
  table.insert(what._waiters, task)
  client._timers[task] = deadline
end

local function failed(task, problem)
  task._outcome = pack(nil, problem)
  events.report(task._client, "a spawned function", task._thread, problem)
end

-- Closes the variables of a coroutine that was cancelled, where Lua can.
local function finish(task)
  Task.wake(task)
  if coroutine.status(task._thread) ~= "suspended" or not coroutine.close then return end
  local ok, problem = coroutine.close(task._thread)
  if not ok then events.report(task._client, "a spawned function", task._thread, problem) end
end

local function is_active(thread)
  local status = coroutine.status(thread)
  return status == "running" or status == "normal"
end

local function resume(task, ...)
  if is_active(task._thread) then return end
  task._client._timers[task] = nil
  task._waits_for = nil
  if not task._outcome then
    local ok, what, deadline = coroutine.resume(task._thread, ...)
    while ok and what == MAY_YIELD do ok, what, deadline = coroutine.resume(task._thread) end
    if not ok and not task._outcome then failed(task, what) end
    if not task._outcome then return sleep(task, what, deadline) end
  end
  finish(task)
end

-- Runs fn at once until its first wait; client:poll() runs the rest.
function Task.spawn(client, fn, ...)
  local task = setmetatable({ true, _client = client }, meta)
  task._thread = coroutine.create(function(...)
    local outcome = pack(fn(...))
    task._outcome = task._outcome or outcome
  end)
  task_of[task._thread] = task
  resume(task, ...)
  return task
end

-- Resumes each that can go on now; what becomes ready meanwhile waits for the next poll.
function Task.run_ready(client)
  queue.drain(client._ready, resume)
end

-- Makes ready the tasks whose time has come. Gives the milliseconds to the next such time, nil when there is none.
function Task.expire(client)
  if next(client._timers) == nil then return nil end
  local now, nearest = core.now_ms(), math.huge
  for task, at in pairs(client._timers) do
    if at <= now then
      queue.push(client._ready, task)
      client._timers[task] = nil
    else
      nearest = math.min(nearest, at)
    end
  end
  return nearest < math.huge and nearest - now or nil
end

-- ---- Methods -------------------------------------------------------------------------------------------------------

function meta.__tostring(self)
  return ("%s(%s)"):format(Task.class, self._outcome and "done" or "running")
end

function methods:done()
  values.object(self, Task.class)
  return self._outcome ~= nil
end

-- What the function returned; nil and its error if it failed; nil and PENDING while it runs.
function methods:result()
  values.object(self, Task.class)
  if not self._outcome then return nil, errors.of_code(core.E_PENDING) end
  return unpack(self._outcome, 1, self._outcome.n)
end

-- The result once it is there; PENDING after `seconds`. Polls the client; in a spawned function it yields.
function methods:wait(seconds)
  values.object(self, Task.class)
  local deadline = values.deadline(seconds, "wait")
  local here = Task.running()
  if here == self then values.misuse "wait: a task cannot wait for itself" end
  if here and not self:done() then
    Task.check_may_yield "wait"
    Task.wait_for(self, deadline)
  end
  while not self:done() and not here do
    local left = deadline and math.max(0, deadline - core.now_ms())
    local finished, err = self._client:poll(left and left / 1000 or -1)
    if not finished and not self:done() then return nil, err end
    if left == 0 then break end
  end
  return self:result()
end

-- Ends its function where it waits, with CANCELLED, and cancels the call if no other task waits for it.
function methods:cancel()
  values.object(self, Task.class)
  if self._outcome then return true end
  self._outcome = pack(nil, errors.of_code(core.E_CANCELLED))
  local awaited = self._waits_for
  if awaited and getmetatable(awaited) ~= Task.class and #(awaited._waiters or {}) == 1 then awaited:cancel() end
  resume(self)
  return true
end

return Task
