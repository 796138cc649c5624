-- SPDX-License-Identifier: Apache-2.0
-- The operations of a session, made from the tables: each waits for its result, and its `start_` form gives the call.
local core = require "capauth.core"
local Call = require "capauth.call"
local errors = require "capauth.errors"
local json = require "capauth.json"
local Reply = require "capauth.reply"
local values = require "capauth.values"

local operations = {}

-- What a success gives, where that is more than true.
local results = {
  token = function(call) return call._session:token() end,
  reply = Reply.of_call,
}

local option_rows = {}
for _, row in ipairs(require("capauth.option_table").call) do option_rows[row[1]] = row end

-- ---- Options -------------------------------------------------------------------------------------------------------

local function error_message(handle)
  local _, text = core.options_copy_error_message(handle)
  return text
end

-- The two belong together, and the core takes them together.
local function set_payload(handle, options)
  local hash, timestamp = options.payload_hash, options.payload_timestamp
  if hash == nil and timestamp == nil then return true end
  if hash == nil or timestamp == nil then
    return nil, errors.invalid("payload_hash", "generate_otp: payload_hash and payload_timestamp are needed together")
  end
  local ok, err = values.text(hash, "payload_hash", "generate_otp")
  if not ok then return nil, err end
  local code = core.options_set_otp_hash(handle, hash, values.timestamp(timestamp, "payload_timestamp", "generate_otp"))
  if code ~= 0 then
    local message = error_message(handle)
    local name = message:find "timestamp" and "payload_timestamp" or "payload_hash"
    return nil, values.refused(code, message, name, options[name], "generate_otp")
  end
  return true
end

-- true and the core's options, nil for none; or nil and an error.
local function options_of(operation, options)
  if next(options) == nil then return true, nil end
  local code, handle = core.options_new()
  if code ~= 0 then return nil, errors.of_code(code) end
  local ok, err = values.apply(operation.option_rows, options, handle, error_message, operation.method)
  if ok then ok, err = set_payload(handle, options) end
  if not ok then return nil, err end
  return true, handle
end

-- A table becomes JSON, a string goes out as it is.
local function body_of(body)
  if body == nil then return true, nil end
  local text, err = values.text(type(body) == "table" and json.encode(body) or body, "body", "gateway")
  return text and true or nil, text or err
end

-- ---- Starting ------------------------------------------------------------------------------------------------------

-- The core's call; or nil and an error of what was refused before the core made one.
local function start_in_core(operation, handle, arguments, given)
  local ok, err = values.texts(arguments, operation.arguments, operation.method)
  if not ok then return nil, err end
  local count, options, body = #operation.arguments
  ok, options = options_of(operation, given)
  if not ok then return nil, options end
  if operation.takes_body then
    ok, body = body_of(given.body)
    if not ok then return nil, body end
    count = count + 1
    arguments[count] = body
  end
  arguments[count + 1] = options
  local code, call = operation.start(handle, (table.unpack or unpack)(arguments, 1, count + 1))
  if not call then return nil, errors.of_code(code) end
  return call
end

local function start(operation, session, arguments, callback)
  local after = #operation.arguments + 1
  local options = values.options(arguments[after], operation.known, operation.method)
  arguments[after] = nil
  local call, err = start_in_core(operation, session[1], arguments, options)
  return Call.new(session._client, session, operation.name, operation.result, callback, call, err)
end

-- Takes the callback from the arguments, in which it may stand in place of the options.
local function take_callback(operation, arguments)
  local last = #operation.arguments + 1
  if type(arguments[last]) ~= "function" then last = last + 1 end
  local callback = arguments[last]
  if callback ~= nil then values.check(callback, "function", "the callback", "start_" .. operation.method) end
  arguments[last] = nil
  return callback
end

-- ---- Methods -------------------------------------------------------------------------------------------------------

local function operation_of(row)
  local operation = {
    method = row.method,
    name = row.name,
    start = core[row.core],
    arguments = row.arguments,
    result = results[row.gives],
    known = values.names(row.options),
    option_rows = {},
  }
  for _, name in ipairs(row.options) do
    operation.option_rows[#operation.option_rows + 1] = option_rows[name]
    if name == "body" then operation.takes_body = true end
  end
  return operation
end

-- Adds two methods for each operation.
function operations.add(methods, class)
  for _, row in ipairs(require "capauth.operation_table") do
    local operation = operation_of(row)

    methods["start_" .. operation.method] = function(self, ...)
      values.object(self, class)
      local arguments = { ... }
      return start(operation, self, arguments, take_callback(operation, arguments))
    end

    methods[operation.method] = function(self, ...)
      values.object(self, class)
      local ok, err = Call.may_wait(self._client, operation.method)
      if not ok then return nil, err end
      return start(operation, self, { ... }):wait()
    end
  end
end

return operations
