-- SPDX-License-Identifier: Apache-2.0
-- What capauth.redis asks of Redis, how answers are read, and how failures are told to other workers.
-- bindings/redis/README.md describes it.
local core = require "capauth.core"
local errors = require "capauth.errors"
local rows = require "capauth.error_table"

local protocol = {}

local FIELDS = { "name", "v", "fence", "text", "stored", "expires" }
local PAUSE_MS, LONGEST_PAUSE_MS = 1000, 300000

-- ---- Failures that are no answer of the service --------------------------------------------------------------------

local failure_meta = { __metatable = "capauth.redis.Failure" }

function failure_meta.__tostring(failure) return failure.message end

-- `kind`: "redis" (it did not answer), "missing", "deleted", "version", "stale".
function protocol.failure(kind, message)
  return setmetatable({ kind = kind, category = "store", message = message, code = 0, name = kind:upper(),
    retryable = kind == "redis" }, failure_meta)
end

protocol.no_state = {
  missing = "nothing is stored under this key",
  deleted = "this customer was deleted",
  version = "this customer was stored by a newer version of capauth",
}
protocol.gone = "this customer is no longer in Redis: expired or evicted, or Redis has lost its data"

-- ---- Asking --------------------------------------------------------------------------------------------------------

-- The scripts lie beside this file.
local function source_of(script)
  local here = debug.getinfo(1, "S").source:match "^@(.*)redis_protocol%.lua$" or ""
  local file = assert(io.open(here .. "redis_scripts/" .. script .. ".lua", "rb"))
  local source = file:read "*a"
  file:close()
  return source
end

local digests = {} -- as Redis gave them

local function call(redis, command, ...)
  local caught, answer, err = pcall(redis[command], redis, ...)
  if not caught then return nil, tostring(answer) end
  if answer == nil or answer == false then return nil, tostring(err or "no answer") end
  return answer
end

-- Whether asking again may help: Redis restarts, changes its primary, moves a slot.
local function is_temporary(err)
  for _, word in ipairs { "LOADING", "READONLY", "CLUSTERDOWN", "MASTERDOWN", "TRYAGAIN" } do
    if err:find(word, 1, true) then return true end
  end
  return false
end

local MISREAD = "this connection gives answers to other questions; close it"

local function texts(answer, count)
  if type(answer) ~= "table" then return nil end
  local parts = {}
  for i = 1, count do parts[i] = type(answer[i]) == "string" and answer[i] or "" end
  return parts
end

local function state(parts, first)
  return { fence = parts[first], text = parts[first + 1], stored = tonumber(parts[first + 2]) or 0,
    expires = tonumber(parts[first + 3]) or 0 }
end

local function plain(arguments)
  local out = {}
  for i, value in ipairs(arguments) do out[i] = type(value) == "number" and ("%.0f"):format(value) or value end
  return (table.unpack or unpack)(out)
end

-- The answer of a script; or nil, why, and whether to ask again.
function protocol.run(redis, script, name, question, arguments)
  for _ = 1, 2 do
    local err
    if not digests[script] then
      digests[script], err = call(redis, "script", "load", source_of(script))
      if not digests[script] then return nil, err, is_temporary(err) end
    end
    local answer
    answer, err = call(redis, "evalsha", digests[script], 1, name, question, plain(arguments))
    if answer then
      local parts = texts(answer, 10)
      if not parts or parts[1] ~= name or parts[2] ~= question then return nil, MISREAD end
      local read = state(parts, 5)
      read.now, read.outcome, read.failure, read.wait = tonumber(parts[3]), parts[4], parts[9], tonumber(parts[10])
      return read
    end
    if not err:find("NOSCRIPT", 1, true) then return nil, err, is_temporary(err) end
    digests[script] = nil
  end
  return nil, "Redis loses its scripts again and again", true
end

-- What is stored, by a plain read.
function protocol.read(redis, name)
  local answer, err = call(redis, "hmget", name, (table.unpack or unpack)(FIELDS))
  if not answer then return nil, err, is_temporary(err) end
  local parts = texts(answer, #FIELDS)
  if not parts then return nil, MISREAD end
  if table.concat(parts) == "" then return { outcome = "missing" } end
  if parts[1] ~= name then return nil, MISREAD end
  local read = state(parts, 3)
  read.outcome = parts[2] ~= "1" and "version" or read.text == "" and "missing" or "read"
  return read
end

-- ---- What other workers are told ------------------------------------------------------------------------------------

local from_the_service = { refused = true, service = true, protocol = true }
local told_to_nobody = { usage = true, tls = true, cancelled = true }

local function is_from_the_service(err)
  return from_the_service[err.kind] or err.category == "refused"
end

-- The service did not say so: another host may have more luck.
function protocol.is_own(err)
  if err.category == "store" or err.category == "usage" or err.kind == "cancelled" then return false end
  return not is_from_the_service(err)
end

-- The arguments of unlock.lua: the failure, its kind, and how long nobody is to try again.
function protocol.report(err)
  if err.category == "store" or told_to_nobody[err.kind] or told_to_nobody[err.category] then return "", "", 0 end
  if err.kind == "sign_in_required" and err.http_status == 0 then return "", "", 0 end
  local wait = err.retry_after and math.floor(err.retry_after * 1000) or -1
  local hold = err.retry_after and math.max(1, math.min(wait, LONGEST_PAUSE_MS)) or PAUSE_MS
  local text = ("%s %d %d %d %d %.0f %s"):format(err.name, err.code, err.http_status, err.retryable and 1 or 0, wait,
    err.server_code or 0, err.message)
  return text, is_from_the_service(err) and "service" or "local", hold
end

-- The error that another worker wrote; `wait` milliseconds of its pause are left.
function protocol.shared(text, wait)
  local name, code, status, retryable, retry_after, server_code, message =
    text:match "^([%w_]*) (%-?%d+) (%d+) ([01]) (%-?%d+) (%-?%d+) (.*)$"
  if not name then return errors.of_code(core.E_SERVICE, "another worker's regeneration failed") end
  local err = errors.of_code(tonumber(code), message)
  err.operation, err.http_status, err.retryable = "token_regenerate", tonumber(status), retryable == "1"
  err.retry_after = tonumber(retry_after) >= 0 and wait / 1000 or nil
  err.server_code = tonumber(server_code) ~= 0 and tonumber(server_code) or nil
  if not rows[err.code] then err.name = name end
  return err
end

-- ---- Who we are ----------------------------------------------------------------------------------------------------

local function first_bytes(path, count)
  local file = io.open(path, "rb")
  local bytes = file and file:read(count)
  if file then file:close() end
  return bytes
end

function protocol.host()
  return (first_bytes("/proc/sys/kernel/hostname", 256) or os.getenv "HOSTNAME" or ""):gsub("%s", "")
end

-- Sixteen random digits.
function protocol.random()
  local bytes = assert(first_bytes("/dev/urandom", 8), "capauth.redis: no /dev/urandom here")
  return (("%02x"):rep(8)):format(bytes:byte(1, 8))
end

return protocol
