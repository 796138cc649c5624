-- SPDX-License-Identifier: Apache-2.0
-- What HTTP answered to a gateway call. Plain values, so fields: http_status, ok (2xx and no refusal in any known
-- shape), code and message (the gateway's own, nil without), body, refusal (the code of the error that
-- raise_for_refusal gives, nil when it is ok).
local core = require "capauth.core"
local errors = require "capauth.errors"
local json = require "capauth.json"
local values = require "capauth.values"

local Reply = { class = "capauth.Reply" }
local methods = {}
local meta = { __index = methods, __metatable = Reply.class }

function Reply.of_call(handle)
  local code, retry_after_ms = core.call_server_code(handle), core.call_retry_after_ms(handle)
  return setmetatable({
    true, -- what tells ours from other tables
    http_status = core.call_http_status(handle),
    ok = core.call_ok(handle),
    code = values.number_or_nil(code),
    message = values.text_or_nil(core.call_server_message(handle)),
    body = core.call_body(handle),
    refusal = values.number_or_nil(core.call_refusal(handle)),
    _error_message = core.call_error_message(handle),
    _retryable = core.call_retryable(handle),
    _retry_after = retry_after_ms >= 0 and retry_after_ms / 1000 or nil,
    _request_id = values.text_or_nil(core.call_request_id(handle)),
  }, meta)
end

function meta.__tostring(self)
  return ("%s(%d, %s)"):format(Reply.class, self.http_status, self.ok and "ok" or "refused")
end

-- The body as Lua values, its nulls as capauth.null; or nil and an error.
function methods:json()
  values.object(self, Reply.class)
  local ok, value = json.decode(self.body)
  if not ok then return nil, errors.of_code(core.E_PROTOCOL, "the reply's body cannot be read: " .. value) end
  return value
end

-- The reply, or nil and an error where the gateway refused: assert(reply:raise_for_refusal()) raises.
function methods:raise_for_refusal()
  values.object(self, Reply.class)
  if self.ok then return self end
  return nil, errors.of_refusal(self)
end

return Reply
