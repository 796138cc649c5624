-- SPDX-License-Identifier: Apache-2.0
-- Errors are tables, the second result after nil. They print well, and `assert` raises them.
local core = require "capauth.core"
local rows = require "capauth.error_table"

local errors = {}

local meta = { __metatable = "capauth.Error" }

function meta.__tostring(err)
  return ("%s [%s %d]"):format(err.message, err.name, err.code)
end

-- `..` does not use __tostring.
function meta.__concat(left, right) return tostring(left) .. tostring(right) end

-- A number that this version does not know: the Auth Engine's refusals are positive, ours negative.
local refused = { name = "UNKNOWN", kind = "refused", category = "refused", retryable = false }
local unknown = { name = "UNKNOWN", kind = "error", category = "error", retryable = false }

local function new(code, fields)
  local row = rows[code] or (code > 0 and refused or unknown)
  fields.code = code
  fields.name, fields.kind, fields.category = row.name, row.kind, row.category
  if fields.retryable == nil then fields.retryable = row.retryable end
  if fields.message == nil or fields.message == "" then fields.message = core.strerror(code) end
  fields.http_status = fields.http_status or 0
  fields.maybe_sent = fields.maybe_sent or false
  return setmetatable(fields, meta)
end

local function unless(none, value)
  if value ~= none then return value end
end

-- An error that is not of a call: of settings, of restore, of a wait that is not allowed.
function errors.of_code(code, message, argument)
  return new(code, { message = message, argument = code == core.E_INVALID_ARGUMENT and argument or nil })
end

function errors.invalid(argument, message)
  return errors.of_code(core.E_INVALID_ARGUMENT, message, argument)
end

-- The same, of an operation that the core has made no call for.
function errors.of_operation(err, operation)
  err.operation = err.operation or operation
  return err
end

function errors.of_call(call, code)
  local retry_after = core.call_retry_after_ms(call)
  return new(code, {
    message = core.call_error_message(call),
    operation = core.call_operation(call),
    http_status = core.call_http_status(call),
    retryable = core.call_retryable(call),
    retry_after = retry_after >= 0 and retry_after / 1000 or nil,
    maybe_sent = core.call_maybe_sent(call),
    request_id = unless("", core.call_request_id(call)),
    argument = unless("", core.call_argument(call)),
    next_step = core.step_name(core.call_next_step(call)),
    server_code = unless(0, core.call_server_code(call)),
    server_message = unless("", core.call_server_message(call)),
  })
end

-- The gateway answered, and refused: the call itself went well.
function errors.of_refusal(reply)
  return new(reply.refusal, {
    message = reply._error_message,
    operation = "gateway",
    http_status = reply.http_status,
    retryable = reply._retryable,
    retry_after = reply._retry_after,
    maybe_sent = true,
    request_id = reply._request_id,
    server_code = reply.code,
    server_message = reply.message,
  })
end

return errors
