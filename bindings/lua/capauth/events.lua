-- SPDX-License-Identifier: Apache-2.0
-- The application's functions. The core queues what it has to tell; they run when a wait, a poll or an operation
-- leaves the core, so never inside it, and in a coroutine of their own, so that none can yield somebody else's.
local core = require "capauth.core"
local values = require "capauth.values"

local events = {}

local report_to

local function to_stderr(message)
  io.stderr:write("capauth: ", message, "\n")
end

-- Where failures of the application's own functions go: nobody waits for their result, yet they must not be lost.
function events.on_error(handler)
  if handler ~= nil then values.check(handler, "function", "handler") end
  report_to = handler
end

function events.report(what, thread, problem)
  local message = ("%s failed: %s"):format(what, tostring(problem))
  if debug and debug.traceback then message = debug.traceback(thread, message) end
  if not report_to or not pcall(report_to, message, problem) then to_stderr(message) end
end

local function run(what, callback, ...)
  local thread = coroutine.create(callback)
  local ok, problem = coroutine.resume(thread, ...)
  if ok and coroutine.status(thread) ~= "dead" then ok, problem = false, "it must not yield" end
  if not ok then events.report(what, thread, problem) end
end

local levels = {
  [core.LOG_ERROR] = "error",
  [core.LOG_WARNING] = "warning",
  [core.LOG_INFO] = "info",
  [core.LOG_DEBUG] = "debug",
}

local tell = {}

function tell.log(client, level, message)
  if client._log then run("log", client._log, levels[level] or "debug", message) end
end

function tell.trace(client, event, call_id, operation, result, http_status, attempts, duration_ms)
  if not client._trace then return end
  local ended = event == core.TRACE_END
  run("trace", client._trace, {
    event = ended and "end" or "start",
    call_id = call_id,
    operation = operation,
    result = result,
    http_status = http_status,
    attempts = attempts,
    duration = duration_ms / 1000,
  })
end

function tell.change(client, id)
  local session = client._watched[id]
  if session and session._on_change then run("on_change", session._on_change, session) end
end

local function dispatch(client, kind, ...)
  if kind == nil then return false end
  tell[kind](client, ...)
  return true
end

-- Not again from inside one of them: the outer call goes on with what is left.
function events.deliver(client)
  if client._delivering then return end
  client._delivering = true
  while dispatch(client, core.events_next(client._events)) do end
  client._delivering = false
end

return events
