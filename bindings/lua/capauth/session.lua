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

local function error_message(session)
  local _, text = core.session_copy_error_message(session)
  return text
end

function Session.wrap(client, handle)
  return core.adopt(setmetatable({ handle, _client = client }, meta))
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
local device = { "device_id" }
local flows = { mobile = core.FLOW_MOBILE, web = core.FLOW_WEB }
local identity = values.names(identifiers, contacts, { device })
local known = values.names(identifiers, contacts, { device, "brand", "flow" })

-- Sets what a row names, where that is given, by one of the core's setters of a typed value.
local function set_given(session, set, row, options, what)
  local name = row and row[1]
  local value = options[name]
  if value == nil then return true end
  local ok, err = values.text(value, name, what)
  if not ok then return nil, err end
  local code = set(session[1], row[2], value)
  if code ~= 0 then return nil, values.refused(code, error_message(session), name, value, what) end
  return true
end

local function set_device(handle, _, device_id)
  return core.session_set_device_id(handle, device_id)
end

-- How many are given, and the row of the last of them.
local function given_identifier(options)
  local count, given = 0, nil
  for i = 1, #identifiers do
    if options[identifiers[i][1]] ~= nil then count, given = count + 1, identifiers[i] end
  end
  return count, given
end

local function identify(session, options, least, what)
  local count, given = given_identifier(options)
  if count > 1 or count < least then
    return nil, errors.invalid("mobile", what .. ": exactly one of mobile, email, username and external_id is needed")
  end
  local ok, err = set_given(session, core.session_set_identifier, given, options, what)
  if ok then ok, err = set_given(session, core.session_set_contact, contacts[1], options, what) end
  if ok then ok, err = set_given(session, core.session_set_contact, contacts[2], options, what) end
  if ok then ok, err = set_given(session, set_device, device, options, what) end
  if not ok then return nil, err end
  return session
end

function Session.new(client, options)
  options = values.options(options, known, "session")
  local ok, err = values.text(options.brand, "brand", "session")
  if not ok then return nil, err end
  local flow = flows[options.flow == nil and "mobile" or values.check(options.flow, "string", "flow", "session")]
  if not flow then return nil, errors.invalid("flow", "session: flow must be 'mobile' or 'web'") end
  local code, handle = core.session_new(client[1], flow, options.brand)
  if code ~= 0 then
    local _, message = core.client_copy_error_message(client[1])
    return nil, values.refused(code, message, "brand", options.brand, "session")
  end
  return identify(Session.wrap(client, handle), options, 1, "session")
end

-- The session of the second factor; what is not given is the first's.
function methods:second_factor(options)
  local handle = handle_of(self)
  options = values.options(options, identity, "second_factor")
  local code, second = core.session_second_factor(handle)
  if code ~= 0 then return nil, errors.of_code(code, error_message(self)) end
  return identify(Session.wrap(self._client, second), options, 0, "second_factor")
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

methods.signed_in = core.session_signed_in

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
  methods[name] = function(self) return convert(read(self)) end
end

local function copied(name)
  local copy = core["session_copy_" .. name]
  return function(self)
    local code, text = copy(self)
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
  return {
    sent_at = values.seconds(core.session_otp_sent_at(self)),
    destination = otp_destination(self),
    channel = otp_channel(self),
    wrong_answers = core.session_otp_wrong_answers(self),
  }
end

-- ---- Export and changes ---------------------------------------------------------------------------------------------

-- fn(session) after anything changed that an export holds; nil removes it.
function methods:on_change(fn)
  local handle = handle_of(self)
  if fn ~= nil then values.check(fn, "function", "fn", "on_change") end
  local code = core.session_on_change(handle, fn and self._client._events)
  if code ~= 0 then return nil, errors.of_code(code, error_message(self)) end
  self._on_change = fn
  self._client._listens = true
  self._client._watched[core.session_id(handle)] = fn and self
  return true
end

-- The session as one text, as secret as its key.
function methods:export()
  local code, text = core.session_export(self)
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
  if code ~= 0 then return nil, errors.of_code(code, error_message(self), "text") end
  return true
end

-- For so many seconds (0: no longer) only regenerate_token gets a new token; what needs one meanwhile uses the one
-- that there is, then gives TOKEN_EXPIRED.
function methods:pause_refresh(seconds)
  local handle = handle_of(self)
  local code = core.session_pause_refresh(handle, values.milliseconds(seconds, "seconds", "pause_refresh"))
  if code ~= 0 then return nil, values.refused(code, error_message(self), "seconds", seconds, "pause_refresh") end
  return true
end

-- Cancels what is in flight; does not sign out and never talks to the network.
function methods:close()
  local handle = handle_of(self)
  local code = core.session_close(handle)
  if code ~= 0 then return nil, errors.of_code(code, error_message(self)) end
  return true
end

return Session
