-- SPDX-License-Identifier: Apache-2.0
-- The application's functions: log, trace, on_change, and the callbacks of calls. What the core tells is queued; the
-- functions run when a wait, a poll or an operation leaves the core, never inside it. Each runs in a coroutine of its
-- own, so that none can yield somebody else's.
local core = require "capauth.core"
local enums = require "capauth.enum_table"
local queue = require "capauth.queue"
local values = require "capauth.values"

local events = {}

local error_handler

-- Where the errors of the application's own functions go, for whose results nobody waits.
function events.on_error(handler)
  if handler ~= nil then values.check(handler, "function", "handler", "on_error") end
  error_handler = handler
end

-- Whether a function of the application is running for this client. Its coroutine knows; a flag would stay set after an
-- error from a debug hook.
function events.in_callback(client)
  local status = client._callback and coroutine.status(client._callback)
  return status == "running" or status == "normal"
end

-- true; or false, the coroutine and why.
local function run_isolated(client, fn, ...)
  local outer = client._callback
  local thread = coroutine.create(function(...) fn(...) end) -- 5.1 makes none of a C function
  client._callback = thread
  local ok, problem = coroutine.resume(thread, ...)
  client._callback = outer
  if ok and coroutine.status(thread) ~= "dead" then ok, problem = false, "it must not yield" end
  return ok, thread, problem
end

-- Any error value as text, whose own __tostring may fail or give none.
local function text_of(problem)
  local ok, text = pcall(tostring, problem)
  if ok and type(text) == "string" then return text end
  return "(an error of type " .. type(problem) .. " that cannot be shown)"
end

function events.report(client, what, thread, problem)
  local message = what .. " failed: " .. text_of(problem)
  if debug and debug.traceback then message = debug.traceback(thread, message) end
  if error_handler and run_isolated(client, error_handler, message, problem) then return end
  core.print_error("capauth: " .. message)
end

-- Runs a function of the application; `what` names it where it fails.
function events.run(client, what, callback, ...)
  local ok, thread, problem = run_isolated(client, callback, ...)
  if not ok then events.report(client, what, thread, problem) end
end
local run = events.run

local deliver = {}

function deliver.log(client, level, message)
  if client._log then run(client, "log", client._log, enums.log[level] or "debug", message) end
end

function deliver.trace(client, event, call_id, operation, result, http_status, attempts, duration_ms)
  if not client._trace then return end
  run(client, "trace", client._trace, {
    event = enums.trace[event],
    call_id = call_id,
    operation = operation,
    result = result,
    http_status = http_status,
    attempts = attempts,
    duration = duration_ms / 1000,
  })
end

local function tell_change(client, session)
  if session and session._on_change then run(client, "on_change", session._on_change, session) end
end

-- Without an id there was no memory to keep it: all are told, since one too many does no harm.
function deliver.change(client, id)
  if id then return tell_change(client, client._watched[id]) end
  local sessions = {}
  for _, session in pairs(client._watched) do sessions[#sessions + 1] = session end
  for _, session in ipairs(sessions) do tell_change(client, session) end
end

-- An event stays in the queue until it was delivered, so that an error in between does not lose it.
local function dispatch(client, kind, ...)
  if kind == nil then return false end
  deliver[kind](client, ...)
  core.events_discard(client._events)
  return true
end

local function run_callback(call)
  run(call._client, "the callback of " .. call._operation, call._callback, call:result())
end

-- Does nothing from inside one of the functions: the outer call goes on with what is left.
function events.deliver(client)
  if events.in_callback(client) then return end
  while client._listens and dispatch(client, core.events_next(client._events)) do end
  queue.drain(client._callbacks, run_callback)
end

return events
