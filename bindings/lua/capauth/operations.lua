-- SPDX-License-Identifier: Apache-2.0
-- The operations of a session, made from the tables: each waits for its result, and its `start_` form gives the call.
local core = require "capauth.core"
local Call = require "capauth.call"
local errors = require "capauth.errors"
local json = require "capauth.json"
local Reply = require "capauth.reply"
local values = require "capauth.values"

local operations = {}

-- What a success gives, where that is more than true: of a call of the core's, and its session.
local results = {
  token = function(_, session) return session:token() end,
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
  if options == nil then return true, nil end
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

-- What a method was called with, and no table for it: the options, the callback, then the arguments before them.
local function sorted(count, first, second, third, fourth)
  if count == 0 then return first, second end
  if count == 1 then return second, third, first end
  return third, fourth, first, second
end

local function check_texts(operation, first, second)
  local names = operation.arguments
  if operation.count == 0 then return true end
  if operation.count == 1 then return values.text(first, names[1], operation.method) end
  return values.texts({ first, second }, names, operation.method)
end

-- The core's code and call.
local function send(operation, handle, options, body, first, second)
  if operation.count == 0 then return operation.start(handle, options) end
  if operation.count == 1 then return operation.start(handle, first, options) end
  if not operation.takes_body then return operation.start(handle, first, second, options) end
  return operation.start(handle, first, second, body, options)
end

-- The core's call; or nil and an error of what was refused before the core made one.
local function start_in_core(operation, session, given, first, second)
  if given ~= nil then values.options(given, operation.known, operation.method) end
  local ok, err, options, body = check_texts(operation, first, second)
  if ok and given ~= nil then
    ok, options = options_of(operation, given)
    err = options
    if ok and operation.takes_body then
      ok, body = body_of(given.body)
      err = body
    end
  end
  if not ok then return nil, errors.of_operation(err, operation.name) end
  local code, call = send(operation, session[1], options, body, first, second)
  if not call then return nil, errors.of_operation(errors.of_code(code), operation.name) end
  return call
end

-- ---- Methods -------------------------------------------------------------------------------------------------------

local function operation_of(row)
  local operation = {
    method = row.method,
    name = row.name,
    start = core[row.core],
    arguments = row.arguments,
    count = #row.arguments,
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

-- Where the callback may stand in place of the options.
local function callback_of(operation, options, callback)
  if type(options) == "function" then return nil, options end
  if callback ~= nil then values.check(callback, "function", "the callback", "start_" .. operation.method) end
  return options, callback
end

-- Adds two methods for each operation.
function operations.add(methods, class)
  local object = values.object
  for _, row in ipairs(require "capauth.operation_table") do
    local operation = operation_of(row)

    methods["start_" .. operation.method] = function(self, ...)
      object(self, class)
      local options, callback, first, second = sorted(operation.count, ...)
      options, callback = callback_of(operation, options, callback)
      return Call.new(self, operation, callback, start_in_core(operation, self, options, first, second))
    end

    methods[operation.method] = function(self, ...)
      object(self, class)
      local way, err = Call.way_to_wait(self._client, operation.method)
      if not way then return nil, err end
      local options, _, first, second = sorted(operation.count, ...)
      return way(self, operation, start_in_core(operation, self, options, first, second))
    end
  end
end

return operations
