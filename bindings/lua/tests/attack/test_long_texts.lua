-- A text of 20 MB in the place of every text that a function takes, and one of 100 MB in that of one of each kind: it
-- is refused by its name and its limit, and nothing of it stays, as the most memory tells that the process had since.
local lu = require "luaunit"
local capauth = require "capauth"
local figure = require "attack.figure"
local support = require "support"

TestLongTexts = {}

local unpack = table.unpack or unpack
local NOBODY = "http://127.0.0.1:1" -- refuses at once
local LONG, LONGER -- while a test runs: other tests measure memory, too
local SLACK_KB = 30000
local LIMITS = { "is longer than %d+ bytes", "is longer than %d+ MiB", "is not one of", "is neither", "must be" }
local EXPORT = '{"v":1,"origin":"' .. NOBODY .. '","flow":"mobile","brand":"B","device":"d","identifierType":"MOBILE",'
  .. '"identifier":"919999999993","sessionId":"P-1","token":"Token-1","key":"Key-1"}'

local function forget_the_most_memory()
  local file = assert(io.open("/proc/self/clear_refs", "w"))
  file:write "5"
  file:close()
end

local function most_memory_kb()
  return tonumber(support.read("/proc/self/status"):match "VmHWM:%s*(%d+)")
end

local function says_a_limit(message)
  for _, limit in ipairs(LIMITS) do
    if message:find(limit) then return true end
  end
  return false
end

local function refused(argument, value, err)
  figure.calls = figure.calls + 1
  lu.assertNil(value)
  lu.assertEquals(err.kind, "invalid_argument")
  lu.assertEquals(err.argument, argument)
  lu.assertTrue(#err.message < 300, "the error for " .. argument .. " is long")
  lu.assertStrContains(err.message, argument == "text" and "the export" or argument)
  lu.assertTrue(says_a_limit(err.message), err.message)
end

-- Where a text may be given.
local parts = {}

function parts:options_of_a_client()
  local function options(name, value)
    return { base_url = name ~= "cluster" and NOBODY or nil, [name] = value }
  end
  for _, row in ipairs(require("capauth.option_table").client) do
    local name, reader = row[1], row[2]
    if reader == "text" then
      refused(name, capauth.Client(options(name, name == "ca_pem" and LONGER or LONG)))
    elseif reader == "pairs_of_text" then
      refused(name, capauth.Client(options(name, { [LONGER] = "v" })))
      refused(name, capauth.Client(options(name, { ["X-A"] = LONG })))
    end
  end
end

function parts:identities()
  for _, name in ipairs {
    "brand", "mobile", "email", "username", "external_id", "device_id", "contact_mobile", "contact_email", "flow",
  } do
    local identity = { brand = "B", device_id = "d", username = "u" }
    if name == "mobile" or name == "email" or name == "external_id" then identity.username = nil end
    identity[name] = name == "brand" and LONGER or LONG
    refused(name, self.client:session(identity))
  end
end

function parts:tokens_of_an_openid_provider()
  refused("brand", self.client:external_session(LONG, "a", "i"))
  refused("access_token", self.client:external_session("B", LONGER, "i"))
  refused("id_token", self.client:external_session("B", "a", LONG))
end

function parts:exports()
  refused("text", self.client:restore(LONGER))
  refused("text", self.session:reload(LONG))
end

function parts:texts_of_operations()
  for method, arguments in pairs(support.operations) do
    for position, name in ipairs(arguments) do
      local values = support.samples(method)
      values[position] = name == "otp" and LONGER or LONG
      refused(name, self.session["start_" .. method](self.session, unpack(values)):result())
    end
  end
end

function parts:options_of_operations()
  local function option(name, method, value)
    local arguments = support.samples(method)
    arguments[#arguments + 1] = { [name] = value, payload_timestamp = name == "payload_hash" and 1 or nil }
    refused(name, self.session["start_" .. method](self.session, unpack(arguments)):result())
  end
  option("password", "generate_token", LONGER)
  option("fallback_channel", "generate_otp", LONG)
  option("payload_hash", "generate_otp", LONG)
  for _, pairs in ipairs { { [LONG] = "v" }, { ["X-A"] = LONG } } do
    option("headers", "generate_token", pairs)
    option("query", "gateway", pairs)
  end
end

function parts:unknown_options()
  local ok, message = pcall(capauth.Client, { [LONGER] = "v" })
  lu.assertFalse(ok)
  lu.assertTrue(#message < 300)
end

function TestLongTexts:test_are_refused_by_name_and_limit_and_not_kept()
  local megabyte = ("x"):rep(10 ^ 6)
  LONG, LONGER = megabyte:rep(20), megabyte:rep(100)
  self.client = assert(capauth.Client { base_url = NOBODY, max_retries = 0 })
  self.session = assert(self.client:restore(EXPORT))
  collectgarbage()
  forget_the_most_memory()
  local before_kb = most_memory_kb()
  for _, part in pairs(parts) do part(self) end
  lu.assertTrue(most_memory_kb() - before_kb < SLACK_KB, "they were copied, or kept")
end

function TestLongTexts:tearDown()
  LONG, LONGER = nil, nil
  collectgarbage()
end
