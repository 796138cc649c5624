-- Every function of the public header is in the flat module, and is used by the layer above it.
local lu = require "luaunit"
local core = require "capauth.core"
local support = require "support"

TestComplete = {}

local function declared()
  local header = support.read(support.source .. "/core/include/capauth/capauth.h")
  header = header:gsub("/%*.-%*/", "")
  local names = {}
  for name in header:gmatch "CAPAUTH_API[^;{]-capauth_([%w_]+)%(" do names[#names + 1] = name end
  return names
end

-- What the layer does not call by its own name, and why.
local ELSEWHERE = {
  string_free = "the typemap of `char **text`",
  client_free = "garbage collection",
  session_free = "garbage collection",
  call_free = "garbage collection",
  options_free = "garbage collection",
  client_prepare = "its started form, waited for",
  client_error_message = "its _copy_ twin",
  session_error_message = "its _copy_ twin",
  options_error_message = "its _copy_ twin",
  error_name = "the generated error table; compared in test_errors",
  error_retryable = "the generated error table; compared in test_errors",
}
for _, name in ipairs {
  "token", "key", "role", "customer_id", "brand", "identifier", "device_id", "otp_destination", "otp_channel",
} do
  ELSEWHERE["session_" .. name] = "its _copy_ twin"
end

function TestComplete:test_header_is_wrapped()
  local names = declared()
  lu.assertTrue(#names > 100)
  for _, name in ipairs(names) do
    if not name:find "_free$" then lu.assertIsFunction(core[name], name) end
  end
end

function TestComplete:test_everything_is_offered()
  local layer = {}
  for _, file in ipairs {
    "init", "client", "session", "operations", "call", "events", "errors", "reply", "values", "operation_table",
    "option_table",
  } do
    layer[#layer + 1] = support.read(support.folder .. file .. ".lua")
  end
  layer = table.concat(layer, "\n")
  -- Names that are put together: the copies of session.lua.
  local copies = layer:match 'ipairs { ("token", [^}]+)}' .. layer:match "local otp_destination.-\n"
  for _, name in ipairs(declared()) do
    local used = layer:find("core." .. name, 1, true) or layer:find('"' .. name .. '"', 1, true)
    local copy = name:match "^session_copy_(.+)"
    used = used or copy and copies:find('"' .. copy .. '"', 1, true)
    lu.assertTrue(used and true or ELSEWHERE[name] ~= nil, name)
  end
end

function TestComplete:test_contract_of_the_session()
  local session = support.session()
  for name in pairs(support.operations) do
    lu.assertIsFunction(session[name], name)
    lu.assertIsFunction(session["start_" .. name], name)
  end
  for _, name in ipairs {
    "token", "key", "role", "signed_in", "expires_at", "expires_in", "customer_id", "app_registered",
    "registered_for_password",
    "next_step", "otp", "on_change", "export", "reload", "second_factor", "close",
  } do
    lu.assertIsFunction(session[name], name)
  end
end
