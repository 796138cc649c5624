-- SPDX-License-Identifier: Apache-2.0
-- One customer of one brand on one device.
local core = require "capauth.core"
local Call = require "capauth.call"
local enums = require "capauth.enum_table"
local errors = require "capauth.errors"
local operations = require "capauth.operations"
local values = require "capauth.values"

local Session = { class = "capauth.Session" }
local methods = {}
operations.add(methods, Session.class)
local meta = { __index = methods, __metatable = Session.class }

local function handle_of(self) return values.object(self, Session.class) end

local function error_message(handle)
  local _, text = core.session_copy_error_message(handle)
  return text
end

function Session.wrap(client, handle)
  return setmetatable({ _client = client, _handle = handle }, meta)
end

function meta.__tostring(self)
  return ("%s(%s, next step %s)"):format(Session.class, self:brand(), self:next_step())
end

function meta.__close(self) self:close() end

-- ---- Identity -------------------------------------------------------------------------------------------------------

local identifiers = {}
for number, name in ipairs(enums.identifier) do identifiers[#identifiers + 1] = { name, number } end
local contacts = {
  { "contact_mobile", core.IDENTIFIER_MOBILE },
  { "contact_email", core.IDENTIFIER_EMAIL },
}
local flows = { mobile = core.FLOW_MOBILE, web = core.FLOW_WEB }
local identity = values.names(identifiers, contacts, { "device_id" })
local known = values.names(identifiers, contacts, { "device_id", "brand", "flow" })

local function given_rows(rows, options)
  local found = {}
  for _, row in ipairs(rows) do
    if options[row[1]] ~= nil then found[#found + 1] = { name = row[1], type = row[2], value = options[row[1]] } end
  end
  return found
end

-- `set` is one of the core's setters of a typed value.
local function set_all(handle, set, rows, what)
  for _, row in ipairs(rows) do
    local ok, err = values.text(row.value, row.name, what)
    if not ok then return nil, err end
    local code = set(handle, row.type, row.value)
    if code ~= 0 then return nil, values.refused(code, error_message(handle), row.name, row.value, what) end
  end
  return true
end

local function set_device(handle, _, device_id)
  return core.session_set_device_id(handle, device_id)
end

local function identify(handle, options, least, what)
  local ids, targets = given_rows(identifiers, options), given_rows(contacts, options)
  if #ids > 1 or #ids < least then
    return nil, errors.invalid("mobile", what .. ": exactly one of mobile, email, username and external_id is needed")
  end
  local ok, err = set_all(handle, core.session_set_identifier, ids, what)
  if ok then ok, err = set_all(handle, core.session_set_contact, targets, what) end
  if ok then ok, err = set_all(handle, set_device, given_rows({ { "device_id" } }, options), what) end
  return ok, err
end

function Session.new(client, options)
  options = values.options(options, known, "session")
  local ok, err = values.text(options.brand, "brand", "session")
  if not ok then return nil, err end
  local flow = flows[options.flow == nil and "mobile" or values.check(options.flow, "string", "flow", "session")]
  if not flow then return nil, errors.invalid("flow", "session: flow must be 'mobile' or 'web'") end
  local code, handle = core.session_new(client._handle, flow, options.brand)
  if code ~= 0 then
    local _, message = core.client_copy_error_message(client._handle)
    return nil, values.refused(code, message, "brand", options.brand, "session")
  end
  ok, err = identify(handle, options, 1, "session")
  if not ok then return nil, err end
  return Session.wrap(client, handle)
end

-- The session of the second factor; what is not given is the first's.
function methods:second_factor(options)
  local handle = handle_of(self)
  options = values.options(options, identity, "second_factor")
  local code, second = core.session_second_factor(handle)
  if code ~= 0 then return nil, errors.of_code(code, error_message(handle)) end
  local ok, err = identify(second, options, 0, "second_factor")
  if not ok then return nil, err end
  return Session.wrap(self._client, second)
end

-- ---- Getters --------------------------------------------------------------------------------------------------------

local function named_by(list)
  return function(number) return list[number] end
end

local function true_or_unknown(number) -- -1 is the core's "not said"
  if number >= 0 then return number == 1 end
end

local function seconds_or_unknown(number) -- -1 is the core's "not known"
  if number >= 0 then return number / 1000 end
end


-- Method: the core's getter, and how its number reads in Lua. Texts come by copies, nil when there is none.
local getters = {
  next_step = { "session_next_step", core.step_name },
  expires_at = { "session_expires_at", values.seconds },
  expires_in = { "session_expires_in_ms", seconds_or_unknown },
  app_registered = { "session_app_registered", true_or_unknown },
  registered_for_password = { "session_registered_for_password", true_or_unknown },
  flow = { "session_flow", named_by(enums.flow) },
  identifier_type = { "session_identifier_type", named_by(enums.identifier) },
}
for name, getter in pairs(getters) do
  local read, convert = core[getter[1]], getter[2]
  methods[name] = function(self) return convert(read(handle_of(self))) end
end

-- Without a step between: it is asked before whatever an application does.
local is_signed_in, object, class = core.session_signed_in, values.object, Session.class
function methods.signed_in(self) return is_signed_in(object(self, class)) == 1 end

local function copied(name)
  local copy = core["session_copy_" .. name]
  return function(self)
    local code, text = copy(handle_of(self))
    if code ~= 0 then return nil, errors.of_code(code) end
    return values.text_or_nil(text)
  end
end
for _, name in ipairs { "token", "key", "role", "customer_id", "brand", "identifier", "device_id" } do
  methods[name] = copied(name)
end

local otp_destination, otp_channel = copied "otp_destination", copied "otp_channel"

-- What is known of the OTP: when and where it was sent (masked), by which channel, and the wrong OTPs since.
function methods:otp()
  local handle = handle_of(self)
  return {
    sent_at = values.seconds(core.session_otp_sent_at(handle)),
    destination = otp_destination(self),
    channel = otp_channel(self),
    wrong_answers = core.session_otp_wrong_answers(handle),
  }
end

-- ---- Export and changes ---------------------------------------------------------------------------------------------

-- fn(session) after anything changed that an export holds; nil removes it.
function methods:on_change(fn)
  local handle = handle_of(self)
  if fn ~= nil then values.check(fn, "function", "fn", "on_change") end
  local code = core.session_on_change(handle, fn and self._client._events)
  if code ~= 0 then return nil, errors.of_code(code, error_message(handle)) end
  self._on_change = fn
  self._client._watched[core.session_id(handle)] = fn and self
  return true
end

-- The session as one text, as secret as its key.
function methods:export()
  local code, text = core.session_export(handle_of(self))
  if code ~= 0 then return nil, errors.of_code(code) end
  return text
end

-- Takes the state that another process exported.
function methods:reload(text)
  local handle = handle_of(self)
  local ok, err = values.text(text, "text", "reload")
  if not ok then return nil, err end
  local code = core.session_reload(handle, text)
  Call.deliver(self._client)
  if code ~= 0 then return nil, errors.of_code(code, error_message(handle), "text") end
  return true
end

-- For so many seconds (0: no longer) only regenerate_token gets a new token; what needs one meanwhile uses the one
-- that there is, then gives TOKEN_EXPIRED.
function methods:pause_refresh(seconds)
  local handle = handle_of(self)
  local code = core.session_pause_refresh(handle, values.milliseconds(seconds, "seconds", "pause_refresh"))
  if code ~= 0 then return nil, values.refused(code, error_message(handle), "seconds", seconds, "pause_refresh") end
  return true
end

-- Cancels what is in flight; does not sign out and never talks to the network.
function methods:close()
  local handle = handle_of(self)
  local code = core.session_close(handle)
  if code ~= 0 then return nil, errors.of_code(code, error_message(handle)) end
  return true
end

return Session
